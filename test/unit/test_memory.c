/*
 * test_memory.c
 *		What happens when an allocation fails: PGTC_E_NOMEM, no leak, no crash.
 *
 * Each operation runs with its first, second, third … allocation failing until
 * it gets through.
 */
#include "core/oauth/status_list.h"
#include "unit.h"
#include "vectors.h"

#define TRIES 100

static PgtcCode
token_write(void)
{
	PgtcTokenSpec spec = {.typ = "JWT", .n_aud = -1, .n_amr = -1, .iat = 1, .exp = 2};
	char large[3000];
	PgtcBuf out;
	PgtcCode code;

	memset(large, 'x', sizeof(large));
	spec.sub = pgtc_slice(large, sizeof(large));
	pgtc_buf_init(&out, &unit_mem);
	code = pgtc_token_write(&spec, unit_key("EdDSA"), &out);
	if (code != PGTC_OK)
		CHECK(out.len == 0);
	pgtc_buf_free(&out);
	return code;
}

static PgtcCode
verify_hmac(void)
{
	PgtcKey key;
	PgtcCode code = pgtc_key_import(unit_alg("HS256"), LITERAL(RFC7515_A1_KEY), &key);

	if (code == PGTC_OK)
		code = unit_verify(LITERAL(RFC7515_A1), &key);
	pgtc_key_free(&key);
	return code;
}

static PgtcCode
grant_id(void)
{
	/* {"alg":"ES256"} . {"grant_id":"0190a0a1-a2a3-7fff-8001-020304050607"} */
	static const char token[] = "eyJhbGciOiJFUzI1NiJ9."
								"eyJncmFudF9pZCI6IjAxOTBhMGExLWEyYTMtN2ZmZi04MDAxLTAyMDMwNDA1MDYw"
								"NyJ9.AAAA";
	uint8_t out[16];

	return pgtc_claims_grant_id(LITERAL(token), &unit_mem, out);
}

static PgtcCode
jwk(void)
{
	char kid[2000];
	PgtcBuf out;
	PgtcCode code;

	/* long enough to need a second allocation, after something was written */
	memset(kid, 'k', sizeof(kid));
	pgtc_buf_init(&out, &unit_mem);
	code = pgtc_jwk_write(unit_key("ES256"), pgtc_slice(kid, sizeof(kid)), &out);
	if (code != PGTC_OK)
		CHECK(out.len == 0);
	pgtc_buf_free(&out);
	return code;
}

static PgtcCode
thumbprint(void)
{
	char text[PGTC_THUMBPRINT_LEN + 1];

	return pgtc_jwk_thumbprint(unit_key("ES256"), &unit_mem, text);
}

static PgtcCode
write_private(void)
{
	PgtcBuf out;
	PgtcCode code;

	pgtc_buf_init(&out, &unit_mem);
	code = pgtc_key_write_private(unit_key("RS256"), &out);
	pgtc_buf_free(&out);
	return code;
}

static PgtcCode
wrap(void)
{
	static const uint8_t nonce[PGTC_WRAP_NONCE_LEN] = {0};
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf back;
	PgtcCode code;

	CHECK_CODE(
		pgtc_root_keys_parse(
			LITERAL("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), &keys),
		PGTC_OK);
	pgtc_buf_init(&blob, &unit_mem);
	pgtc_buf_init(&back, &unit_mem);
	code = pgtc_wrap(&keys, LITERAL("l"), nonce, "plain", 5, &blob);
	if (code == PGTC_OK)
		code = pgtc_wrap_open(&keys, LITERAL("l"), blob.data, blob.len, &back);
	pgtc_buf_free(&blob);
	pgtc_buf_free(&back);
	pgtc_root_keys_wipe(&keys);
	return code;
}

static PgtcCode
form(void)
{
	PgtcForm parsed;
	PgtcCode code = pgtc_form_parse(LITERAL("a=1&b=%20"), &unit_mem, &parsed);

	if (code != PGTC_OK)
		CHECK(parsed.n == 0);
	pgtc_form_free(&parsed);
	return code;
}

static PgtcCode
basic(void)
{
	PgtcBuf id;
	PgtcBuf secret;
	PgtcCode code;

	pgtc_buf_init(&id, &unit_mem);
	pgtc_buf_init(&secret, &unit_mem);
	code = pgtc_basic_read(LITERAL("YTpi"), &id, &secret);
	if (code != PGTC_OK)
		CHECK(id.len == 0 && secret.len == 0);
	pgtc_buf_free(&id);
	pgtc_buf_free(&secret);
	return code;
}

static PgtcCode
dpop(void)
{
	PgtcDpopProof proof;

	return pgtc_dpop_read(LITERAL(RFC9449_FIGURE_2), &unit_mem, &proof);
}

static PgtcCode
certificate(PgtcSlice value)
{
	char thumbprint[44];
	PgtcBuf dn;
	PgtcBuf normal;
	PgtcCode code;

	pgtc_buf_init(&dn, &unit_mem);
	pgtc_buf_init(&normal, &unit_mem);
	code = pgtc_certificate_read(value, &unit_mem, thumbprint, &dn, &normal);
	if (code != PGTC_OK)
		CHECK(thumbprint[0] == '\0' && dn.len == 0);
	pgtc_buf_free(&dn);
	pgtc_buf_free(&normal);
	return code;
}

static PgtcCode
certificate_der(void)
{
	return certificate(LITERAL(":" RFC8705_CERTIFICATE ":"));
}

static PgtcCode
certificate_pem(void)
{
	return certificate(
		LITERAL("-----BEGIN%20CERTIFICATE-----%0A" RFC8705_PEM_BODY "-----END%20CERTIFICATE-----"));
}

static PgtcCode
rules(void)
{
	char problem[PGTC_PROBLEM_MAX];
	PgtcRules parsed;
	PgtcCode code = pgtc_rules_read(
		LITERAL(
			"[{\"rule\":\"address_in\",\"outcome\":\"deny\",\"networks\":[\"192.0.2.0/24\"]},"
			"{\"rule\":\"outside_hours\",\"outcome\":\"deny\",\"from\":\"08:00\",\"to\":\"18:00\","
			"\"timezone\":\"UTC\"},{\"rule\":\"function\",\"function\":\"a.b\"}]"),
		&unit_mem, &parsed, problem);

	if (code != PGTC_OK)
		CHECK(parsed.n == 0);
	pgtc_rules_free(&parsed, &unit_mem);
	return code;
}

static PgtcCode
status_list(void)
{
	static const uint8_t bits[PGTC_STATUS_LIST_BYTES] = {1};
	PgtcBuf out;
	PgtcCode code;

	pgtc_buf_init(&out, &unit_mem);
	code = pgtc_status_list_member(LITERAL("https://i.example"), bits, &out);
	if (code == PGTC_OK)
	{
		pgtc_status_list_claim(LITERAL("https://i.example"), 1, 1, &out);
		code = pgtc_buf_code(&out);
	}
	pgtc_buf_free(&out);
	return code;
}

void
test_memory(void)
{
	static PgtcCode (*const operations[])(void) = {
		token_write, verify_hmac, grant_id, jwk,  thumbprint,	   write_private,
		wrap,		 form,		  basic,	dpop, certificate_der, certificate_pem,
		rules,		 status_list};
	size_t i;
	int n;

	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
	{
		int before = unit_live();
		PgtcCode code = PGTC_E_NOMEM;

		for (n = 0; n < TRIES && code != PGTC_OK; n++)
		{
			unit_fail_after(n);
			code = operations[i]();
			unit_fail_after(-1);
			CHECK(code == PGTC_OK || code == PGTC_E_NOMEM);
			CHECK(unit_live() == before);
		}
		/* it failed at least once, and got through in the end */
		CHECK(n > 1 && code == PGTC_OK);
	}
}
