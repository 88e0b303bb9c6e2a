/*
 * test_webauthn.c
 *		WebAuthn assertions that a browser made: what is expected of them, what
 *		they are, and whose, changed in turn.
 */
#include "assertions.h"
#include "sample.h"

static const PgtcSlice origins[] = {
	{"https://other.example", 21}, {ORIGIN, sizeof(ORIGIN) - 1}, {"android:apk-key-hash:abc", 24}};

static PgtcSlice
decoded(const char *text, uint8_t *out, size_t size)
{
	size_t len = 0;

	CHECK_CODE(pgtc_b64url_decode(pgtc_slice_str(text), out, size, &len), PGTC_OK);
	return pgtc_slice((const char *) out, len);
}

void
sample_expect(Sample *sample, const char *challenge)
{
	sample->expected.challenge = pgtc_slice_str(challenge);
	sample->expected.rp_id = LITERAL(RP_ID);
	sample->expected.origins = origins;
	sample->expected.n_origins = (int) N_OF(origins);
	sample->expected.counter = -1;
}

static void
load(int which, Sample *sample, PgtcKey *key)
{
	const Recording *recording = &recordings[which];
	size_t len = strlen(recording->client_data);

	memset(sample, 0, sizeof(*sample));
	memcpy(sample->client_data, recording->client_data, len);
	sample->assertion.client_data = pgtc_slice((const char *) sample->client_data, len);
	sample->assertion.authenticator_data =
		decoded(recording->authenticator_data, sample->authenticator_data,
				sizeof(sample->authenticator_data));
	sample->assertion.signature =
		decoded(recording->signature, sample->signature, sizeof(sample->signature));
	sample_expect(sample, recording->challenge);
	sample->expected.user_verification = recording->user_verified;
	CHECK_CODE(pgtc_webauthn_key_read(pgtc_webauthn_alg(pgtc_slice_str(recording->alg)),
									  pgtc_slice_str(recording->key), key),
			   PGTC_OK);
}

/*
 * From copies that are no larger than they say, so that the sanitizer sees every
 * byte too many.
 */
PgtcCode
sample_check(Sample *sample, const PgtcKey *key)
{
	PgtcSlice *parts[3];
	PgtcAssertion copy = sample->assertion;
	PgtcCode code;
	int i;

	parts[0] = &copy.client_data;
	parts[1] = &copy.authenticator_data;
	parts[2] = &copy.signature;
	for (i = 0; i < 3; i++)
	{
		char *bytes = unit_mem.alloc(parts[i]->len);

		if (parts[i]->len > 0)
			memcpy(bytes, parts[i]->data, parts[i]->len);
		parts[i]->data = bytes;
	}
	memset(&sample->result, 0xff, sizeof(sample->result));
	code = pgtc_webauthn_check(&copy, key, &sample->expected, &unit_mem, &sample->result);
	for (i = 0; i < 3; i++)
		unit_mem.release((char *) parts[i]->data);
	if (code != PGTC_OK)
		CHECK(sample->result.counter == 0 && !sample->result.user_verified &&
			  !sample->result.backed_up);
	return code;
}

static void
recorded(void)
{
	int i;

	for (i = 0; i < N_RECORDINGS; i++)
	{
		const Recording *recording = &recordings[i];
		Sample sample;
		PgtcKey key;

		load(i, &sample, &key);
		CHECK(!key.is_private && strcmp(key.alg->name, recording->alg) == 0);
		if (recording->cross_origin)
			CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
		else
		{
			CHECK_CODE(sample_check(&sample, &key), PGTC_OK);
			CHECK(sample.result.counter == recording->counter);
			CHECK(sample.result.user_verified == recording->user_verified);
			CHECK(sample.result.backed_up == recording->backed_up);

			/* Attack: a stolen device that asks for no finger and no PIN. */
			sample.expected.user_verification = true;
			CHECK_CODE(sample_check(&sample, &key),
					   recording->user_verified ? PGTC_OK : PGTC_E_CLAIM);
			sample.expected.user_verification = false;
			CHECK_CODE(sample_check(&sample, &key), PGTC_OK);
		}
		pgtc_key_free(&key);
	}
}

/* Attack: an assertion that was listened in on, changed or used elsewhere. */
static void
recorded_elsewhere(void)
{
	static const PgtcSlice other_origins[] = {{"https://localhost:8099", 22},
											  {"http://localhost", 16},
											  {"http://localhost:8099/", 22},
											  {"http://localhost:80990", 22},
											  {"http://LOCALHOST:8099", 21},
											  {"http://localhost:809", 20},
											  {"", 0}};
	PgtcSlice challenge;
	Sample sample;
	PgtcKey key;

	load(ES256_UV, &sample, &key);
	challenge = sample.expected.challenge;
	sample.expected.challenge = pgtc_slice_str(recordings[ES256_UV_AGAIN].challenge);
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.challenge = pgtc_slice(challenge.data, challenge.len - 1);
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.challenge = pgtc_slice(challenge.data, 0);
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.challenge = challenge;

	sample.expected.rp_id = LITERAL("ocalhost");
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.rp_id = LITERAL("localhost.");
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.rp_id = LITERAL("");
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.rp_id = LITERAL(RP_ID);

	sample.expected.origins = other_origins;
	sample.expected.n_origins = (int) N_OF(other_origins);
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.n_origins = 0;
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_CLAIM);
	sample.expected.origins = &origins[1];
	sample.expected.n_origins = 1;
	CHECK_CODE(sample_check(&sample, &key), PGTC_OK);
	pgtc_key_free(&key);
}

/* Attack: a copy of the authenticator, which counts for itself. */
static void
recorded_counter(void)
{
	Sample sample;
	PgtcKey key;
	int64_t last;

	load(ES256_UV_AGAIN, &sample, &key);
	for (last = -1; last <= 5; last++)
	{
		sample.expected.counter = last;
		CHECK_CODE(sample_check(&sample, &key), last < 3 ? PGTC_OK : PGTC_E_EXPIRED);
	}
	sample.expected.counter = INT64_MAX;
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_EXPIRED);

	/* that there is a clone is not to be had from anybody's word */
	sample.signature[sample.assertion.signature.len - 1] ^= 1;
	CHECK_CODE(sample_check(&sample, &key), PGTC_E_SIGNATURE);
	pgtc_key_free(&key);
}

/* Attack: any byte of what was signed, or of the signature, is another. */
static void
recorded_bytes(void)
{
	static const int which[] = {ES256_UV, RS256_UV, EDDSA_NO_UV, EXTENSION};
	size_t i;
	size_t at;

	for (i = 0; i < N_OF(which); i++)
	{
		Sample sample;
		PgtcKey key;
		size_t wrong = 0;
		size_t tried = 0;

		load(which[i], &sample, &key);
		for (at = 0; at < sample.assertion.client_data.len; at++, tried++)
		{
			sample.client_data[at] ^= 1;
			wrong += sample_check(&sample, &key) != PGTC_OK;
			sample.client_data[at] ^= 1;
		}
		for (at = 0; at < sample.assertion.authenticator_data.len; at++, tried++)
		{
			sample.authenticator_data[at] ^= 0x80;
			wrong += sample_check(&sample, &key) != PGTC_OK;
			sample.authenticator_data[at] ^= 0x80;
		}
		for (at = 0; at < sample.assertion.signature.len; at++, tried++)
		{
			sample.signature[at] ^= 1;
			CHECK_CODE(sample_check(&sample, &key), PGTC_E_SIGNATURE);
			sample.signature[at] ^= 1;
			wrong++;
		}
		CHECK(tried > 200 && wrong == tried);
		CHECK_CODE(sample_check(&sample, &key), PGTC_OK);
		pgtc_key_free(&key);
	}
}

static void
recorded_lengths(void)
{
	static const int which[] = {ES256_UV, RS256_UV, EDDSA_UV};
	static char large[PGTC_WEBAUTHN_MAX + 1];
	Sample sample;
	PgtcKey key;
	PgtcSlice whole;
	size_t i;
	size_t len;

	for (i = 0; i < N_OF(which); i++)
	{
		load(which[i], &sample, &key);
		whole = sample.assertion.signature;
		for (len = 0; len <= whole.len + 2; len++)
		{
			sample.assertion.signature = pgtc_slice(whole.data, len);
			CHECK_CODE(sample_check(&sample, &key), len == 0		   ? PGTC_E_MALFORMED
													: len == whole.len ? PGTC_OK
																	   : PGTC_E_SIGNATURE);
		}
		sample.assertion.signature = whole;

		whole = sample.assertion.authenticator_data;
		for (len = 0; len <= whole.len + 2; len++)
		{
			sample.assertion.authenticator_data = pgtc_slice(whole.data, len);
			CHECK_CODE(sample_check(&sample, &key), len == whole.len ? PGTC_OK : PGTC_E_MALFORMED);
		}
		sample.assertion.authenticator_data = whole;

		whole = sample.assertion.client_data;
		for (len = 0; len <= whole.len + 1; len++)
		{
			sample.assertion.client_data = pgtc_slice(whole.data, len);
			CHECK_CODE(sample_check(&sample, &key), len == whole.len ? PGTC_OK : PGTC_E_MALFORMED);
		}
		sample.assertion.client_data = whole;

		sample.assertion.signature = pgtc_slice(large, sizeof(large));
		CHECK_CODE(sample_check(&sample, &key), PGTC_E_MALFORMED);
		sample.assertion.signature = pgtc_slice(large, sizeof(large) - 1);
		CHECK_CODE(sample_check(&sample, &key), PGTC_E_SIGNATURE);
		pgtc_key_free(&key);
	}
}

/* Attack: an assertion by a credential of somebody else's. */
static void
recorded_keys(void)
{
	int i;
	int other;

	for (i = 0; i < N_RECORDINGS; i++)
	{
		Sample sample;
		PgtcKey key;

		if (recordings[i].cross_origin)
			continue;
		load(i, &sample, &key);
		pgtc_key_free(&key);
		for (other = 0; other < N_RECORDINGS; other++)
		{
			Sample unused;

			load(other, &unused, &key);
			CHECK_CODE(sample_check(&sample, &key),
					   strcmp(recordings[i].key, recordings[other].key) == 0 ? PGTC_OK
																			 : PGTC_E_SIGNATURE);
			pgtc_key_free(&key);
		}
		/* RSA with another padding, HMAC, and curves that no credential here has */
		CHECK_CODE(sample_check(&sample, unit_key("PS256")), PGTC_E_ALG);
		CHECK_CODE(sample_check(&sample, unit_key("HS256")), PGTC_E_ALG);
		CHECK_CODE(sample_check(&sample, unit_key("ES384")), PGTC_E_ALG);
		CHECK_CODE(sample_check(&sample, unit_key("ES256")), PGTC_E_SIGNATURE);
	}
}

static void
no_memory(void)
{
	Sample sample;
	PgtcKey key;
	int live = unit_live();
	int i;
	PgtcCode code = PGTC_E_NOMEM;

	load(ES256_UV, &sample, &key);
	for (i = 0; i < 10 && code == PGTC_E_NOMEM; i++)
	{
		unit_fail_after(i);
		code = pgtc_webauthn_check(&sample.assertion, &key, &sample.expected, &unit_mem,
								   &sample.result);
		unit_fail_after(-1);
		CHECK(unit_live() == live);
	}
	CHECK_CODE(code, PGTC_OK);
	CHECK(i > 2);
	pgtc_key_free(&key);
}

void
test_webauthn(void)
{
	recorded();
	recorded_elsewhere();
	recorded_counter();
	recorded_bytes();
	recorded_lengths();
	recorded_keys();
	no_memory();
}
