/*
 * jws_fuzzer.c
 *		Splitting a token, reading its header and payload, and verifying it under
 *		a key nobody signs with.  An input that starts with "{" is a header and,
 *		after a line feed, a payload, which this file encodes: mutations reach
 *		further in plain text.
 */
#include "fuzz.h"
#include "core/jose/jwk.h"
#include "core/jose/jws.h"

/* RFC 8037 appendix A.2 */
static const char jwk[] =
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

/* 32 zero bytes */
static const char secret[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void
check_parts(const PgtcJws *jws)
{
	PgtcBuf joined;

	pgtc_buf_init(&joined, &fuzz_mem);
	pgtc_buf_append(&joined, jws->header.data, jws->header.len);
	pgtc_buf_append_str(&joined, ".");
	pgtc_buf_append(&joined, jws->payload.data, jws->payload.len);
	REQUIRE(pgtc_slice_equal(pgtc_slice(joined.data, joined.len), jws->signing_input));
	pgtc_buf_append_str(&joined, ".");
	pgtc_buf_append(&joined, jws->signature.data, jws->signature.len);
	REQUIRE(pgtc_slice_equal(pgtc_slice(joined.data, joined.len), jws->token));
	pgtc_buf_free(&joined);
}

static void
check_header(const PgtcJwsHeader *header)
{
	size_t i;

	REQUIRE(header->alg != NULL);
	REQUIRE(pgtc_alg_by_name(pgtc_slice_str(header->alg->name)) == header->alg);
	REQUIRE(strlen(header->kid) <= PGTC_KID_MAX && strlen(header->typ) <= PGTC_TYP_MAX);
	for (i = 0; header->typ[i] != '\0'; i++)
		REQUIRE(header->typ[i] < 'A' || header->typ[i] > 'Z');
}

/* the fuzzer does not guess a MAC, so one is put there for it */
static void
check_hmac(const PgtcJws *jws)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str("HS256"));
	PgtcKey key;
	PgtcBuf token;
	PgtcJws signed_jws;
	PgtcCode code;

	REQUIRE(pgtc_key_import(alg, pgtc_slice_str(secret), &key) == PGTC_OK);
	REQUIRE(pgtc_jws_verify(jws, alg, &key, &fuzz_mem) == PGTC_E_SIGNATURE);
	pgtc_buf_init(&token, &fuzz_mem);
	pgtc_buf_append(&token, jws->signing_input.data, jws->signing_input.len);
	REQUIRE(pgtc_jws_sign(&key, &token, 0) == PGTC_OK);
	code = pgtc_jws_split(pgtc_slice(token.data, token.len), &signed_jws);
	REQUIRE(code == PGTC_OK || code == PGTC_E_TOO_LONG);
	/* libjwt may object to what is no JWT; it must not crash over it */
	if (code == PGTC_OK)
		(void) pgtc_jws_verify(&signed_jws, alg, &key, &fuzz_mem);
	pgtc_buf_free(&token);
	pgtc_key_free(&key);
}

static void
check_token(PgtcSlice token)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str("EdDSA"));
	PgtcJwsHeader header;
	PgtcBuf payload;
	PgtcJws jws;
	PgtcKey key;

	if (pgtc_jws_split(token, &jws) != PGTC_OK)
		return;
	check_parts(&jws);
	pgtc_buf_init(&payload, &fuzz_mem);
	(void) pgtc_buf_decode_b64url(&payload, jws.payload);
	pgtc_buf_free(&payload);

	if (pgtc_jws_read_header(&jws, &fuzz_mem, &header) != PGTC_OK)
		return;
	check_header(&header);
	if (strcmp(header.alg->name, "HS256") == 0)
		check_hmac(&jws);
	REQUIRE(pgtc_jwk_read(alg, pgtc_slice_str(jwk), &key) == PGTC_OK);
	if (header.alg != alg)
		REQUIRE(pgtc_jws_verify(&jws, header.alg, &key, &fuzz_mem) == PGTC_E_ALG);
	else
		(void) pgtc_jws_verify(&jws, header.alg, &key, &fuzz_mem);
	pgtc_key_free(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	PgtcBuf token;

	if (size == 0 || data[0] != '{' || lf == NULL)
	{
		check_token(fuzz_slice(data, size));
		return 0;
	}
	pgtc_buf_init(&token, &fuzz_mem);
	pgtc_buf_append_b64url(&token, data, (size_t) (lf - data));
	pgtc_buf_append_str(&token, ".");
	pgtc_buf_append_b64url(&token, lf + 1, (size_t) (data + size - lf - 1));
	pgtc_buf_append_str(&token, ".AAAA");
	check_token(pgtc_slice(token.data, token.len));
	pgtc_buf_free(&token);
	return 0;
}
