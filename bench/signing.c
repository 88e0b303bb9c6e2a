/*
 * signing.c
 *		What pgtoken adds to OpenSSL: writing and verifying a token by the core
 *		that the extension is made of, against the bare EVP call on the same bytes
 *		with the same parsed key.
 *
 * The sides take turns within a round; a figure is the median of the rounds, in
 * CPU time of this thread, so that a busy machine changes little.
 *
 * usage: signing [ROUNDS [MILLISECONDS]]		the length of one turn
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "core/base/crypto.h"
#include "core/jose/claims.h"
#include "core/jose/jws.h"
#include "core/jose/token.h"

#define SIGNATURE_MAX 1024
#define ROUNDS_MAX 101

/* what both sides work on */
typedef struct Case
{
	PgtcKey key;
	EVP_PKEY *pkey; /* the key's, or one made of its secret */
	EVP_MD_CTX *ctx;
	const EVP_MD *digest;
	PgtcTokenSpec spec;
	PgtcBuf header; /* as the extension keeps it beside a key */
	PgtcBuf token;
	PgtcJws jws;
	uint8_t signature[SIGNATURE_MAX]; /* as OpenSSL has it */
	size_t signature_len;
} Case;

typedef void (*Side)(Case *c);

static const PgtcMem mem = {malloc, free};

static void
need(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "signing: %s failed\n", what);
	exit(1);
}

/* signing: everything from the claims to the finished token */
static void
write_token(Case *c)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &mem);
	need(pgtc_token_write(&c->spec, &c->key, &out) == PGTC_OK, "pgtc_token_write");
	pgtc_buf_free(&out);
}

/* signing: the finished signing input, a context that is there already */
static void
bare_sign(Case *c)
{
	uint8_t signature[SIGNATURE_MAX];
	size_t len = sizeof(signature);

	EVP_MD_CTX_reset(c->ctx);
	need(EVP_DigestSignInit(c->ctx, NULL, c->digest, NULL, c->pkey) == 1 &&
			 EVP_DigestSign(c->ctx, signature, &len, (const uint8_t *) c->jws.signing_input.data,
							c->jws.signing_input.len) == 1,
		 "EVP_DigestSign");
}

/* verifying: the signature of a token that is taken apart */
static void
verify_signature(Case *c)
{
	need(pgtc_jws_verify(&c->jws, c->key.alg, &c->key, &mem) == PGTC_OK, "pgtc_jws_verify");
}

/* verifying: everything verify_access_token does outside the database, from text to claims */
static void
verify_token(Case *c)
{
	PgtcSlice token = pgtc_slice(c->token.data, c->token.len);
	PgtcClaims claims;
	PgtcBuf payload;
	PgtcJws jws;

	pgtc_buf_init(&payload, &mem);
	need(pgtc_jws_split(token, &jws) == PGTC_OK &&
			 pgtc_slice_equal(jws.header, pgtc_slice(c->header.data, c->header.len)) &&
			 pgtc_jws_verify(&jws, c->key.alg, &c->key, &mem) == PGTC_OK &&
			 pgtc_buf_decode_b64url(&payload, jws.payload) == PGTC_OK &&
			 pgtc_claims_read(pgtc_slice(payload.data, payload.len), &claims) == PGTC_OK,
		 "verifying a token");
	pgtc_claims_free(&claims);
	pgtc_buf_free(&payload);
}

/* EVP_DigestVerify does not know MACs: make it again, compare in constant time */
static void
bare_verify(Case *c)
{
	uint8_t mac[SIGNATURE_MAX];
	size_t len = sizeof(mac);

	EVP_MD_CTX_reset(c->ctx);
	if (c->key.alg->kty == PGTC_KTY_OCT)
		need(EVP_DigestSignInit(c->ctx, NULL, c->digest, NULL, c->pkey) == 1 &&
				 EVP_DigestSign(c->ctx, mac, &len, (const uint8_t *) c->jws.signing_input.data,
								c->jws.signing_input.len) == 1 &&
				 len == c->signature_len && pgtc_crypto_equal(mac, c->signature, len),
			 "EVP_DigestSign");
	else
		need(EVP_DigestVerifyInit(c->ctx, NULL, c->digest, NULL, c->pkey) == 1 &&
				 EVP_DigestVerify(c->ctx, c->signature, c->signature_len,
								  (const uint8_t *) c->jws.signing_input.data,
								  c->jws.signing_input.len) == 1,
			 "EVP_DigestVerify");
}

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* seconds per call */
static double
turn(Side side, Case *c, long calls)
{
	double start = cpu_seconds();
	long i;

	for (i = 0; i < calls; i++)
		side(c);
	return (cpu_seconds() - start) / (double) calls;
}

static int
compare(const void *a, const void *b)
{
	double left = *(const double *) a;
	double right = *(const double *) b;

	return (left > right) - (left < right);
}

static double
median(double *values, int n)
{
	qsort(values, (size_t) n, sizeof(double), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void
match(const char *what, Case *c, Side ours, Side bare, int rounds, double seconds)
{
	double our_time[ROUNDS_MAX];
	double bare_time[ROUNDS_MAX];
	double ratio[ROUNDS_MAX];
	long calls = (long) (seconds / turn(bare, c, 20)) + 1;
	int i;

	turn(ours, c, 20);
	for (i = 0; i < rounds; i++)
	{
		our_time[i] = turn(ours, c, calls);
		bare_time[i] = turn(bare, c, calls);
		ratio[i] = our_time[i] / bare_time[i];
	}
	printf("%s\t%.2f\t%.2f\t%.3f\n", what, median(our_time, rounds) * 1e6,
		   median(bare_time, rounds) * 1e6, median(ratio, rounds));
	fflush(stdout);
}

/* the token that the benchmarks' own client gets */
static void
fill_spec(PgtcTokenSpec *spec, const PgtcSlice *aud)
{
	memset(spec, 0, sizeof(*spec));
	spec->typ = "at+jwt";
	spec->kid = pgtc_slice_str("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
	spec->iss = pgtc_slice_str("https://bench.example");
	spec->sub = pgtc_slice_str("user-123456");
	spec->aud = aud;
	spec->n_aud = 1;
	spec->client_id = pgtc_slice_str("web");
	spec->scope = pgtc_slice_str("read write offline_access");
	spec->jti = pgtc_slice_str("jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj");
	spec->grant_id = pgtc_slice_str("01890a5d-ac96-774b-bcce-b302099a8057");
	spec->n_amr = -1;
	spec->iat = spec->auth_time = 1700000000;
	spec->exp = spec->iat + 300;
	spec->extra = pgtc_slice_str("{}");
}

static void
prepare(const char *alg_name, const PgtcSlice *aud, Case *c)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str(alg_name));

	memset(c, 0, sizeof(*c));
	need(pgtc_key_generate(alg, &c->key) == PGTC_OK, "pgtc_key_generate");
	c->pkey =
		alg->kty == PGTC_KTY_OCT
			? EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, c->key.secret, c->key.secret_len)
			: c->key.pkey;
	c->digest = alg->kty == PGTC_KTY_OKP ? NULL : EVP_sha256();
	c->ctx = EVP_MD_CTX_new();
	need(c->pkey != NULL && c->ctx != NULL, "EVP");

	fill_spec(&c->spec, aud);
	pgtc_buf_init(&c->header, &mem);
	need(pgtc_token_header(alg, c->spec.typ, c->spec.kid, &c->header) == PGTC_OK,
		 "pgtc_token_header");
	c->spec.header = pgtc_slice(c->header.data, c->header.len);
	pgtc_buf_init(&c->token, &mem);
	need(pgtc_token_write(&c->spec, &c->key, &c->token) == PGTC_OK, "pgtc_token_write");
	need(pgtc_jws_split(pgtc_slice(c->token.data, c->token.len), &c->jws) == PGTC_OK,
		 "pgtc_jws_split");

	c->signature_len = sizeof(c->signature);
	need(EVP_DigestSignInit(c->ctx, NULL, c->digest, NULL, c->pkey) == 1 &&
			 EVP_DigestSign(c->ctx, c->signature, &c->signature_len,
							(const uint8_t *) c->jws.signing_input.data,
							c->jws.signing_input.len) == 1,
		 "EVP_DigestSign");
}

static void
release(Case *c)
{
	if (c->key.alg->kty == PGTC_KTY_OCT)
		EVP_PKEY_free(c->pkey);
	EVP_MD_CTX_free(c->ctx);
	pgtc_buf_free(&c->header);
	pgtc_buf_free(&c->token);
	pgtc_key_free(&c->key);
}

int
main(int argc, char **argv)
{
	static const char *const algs[] = {"ES256", "EdDSA", "RS256", "HS256"};
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	double seconds = (argc > 2 ? atof(argv[2]) : 50) / 1000;
	PgtcSlice aud = pgtc_slice_str("https://api.example");
	char what[64];
	size_t i;

	need(rounds >= 1 && rounds <= ROUNDS_MAX && seconds > 0, "reading the arguments");
	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
	{
		Case c;

		prepare(algs[i], &aud, &c);
		snprintf(what, sizeof(what), "sign\t%s", algs[i]);
		match(what, &c, write_token, bare_sign, rounds, seconds);
		snprintf(what, sizeof(what), "verify\t%s", algs[i]);
		match(what, &c, verify_signature, bare_verify, rounds, seconds);
		snprintf(what, sizeof(what), "read\t%s", algs[i]);
		match(what, &c, verify_token, bare_verify, rounds, seconds);
		release(&c);
	}
	return 0;
}
