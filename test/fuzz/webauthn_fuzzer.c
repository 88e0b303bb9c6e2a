/*
 * webauthn_fuzzer.c
 *		WebAuthn assertions and keys.  An input that starts with "{" and has a line
 *		feed is client data and, after it, authenticator data, which this file
 *		signs with the key of RFC 8037: whatever is accepted says what it must.
 *		Any other is read as the public key of a credential, and as a signature.
 */
#include <openssl/evp.h>

#include "core/factor/webauthn.h"
#include "core/jose/jwk.h"
#include "fuzz.h"

/* RFC 8037 appendix A.1, A.3 */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
						  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
						  "-----END PRIVATE KEY-----\n";
static const char rp_id[] = "localhost";
static const PgtcSlice origins[] = {{"http://localhost:8099", 21}};

static PgtcAssertionExpected
expected(void)
{
	PgtcAssertionExpected result = {
		pgtc_slice_str("challenge"), pgtc_slice_str(rp_id), origins, 1, false, 5};

	return result;
}

static bool
contains(const uint8_t *data, size_t size, const char *text)
{
	return memmem(data, size, text, strlen(text)) != NULL;
}

static void
check_signed(const uint8_t *data, size_t size, size_t client_len)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str("EdDSA"));
	const uint8_t *second = data + client_len + 1;
	size_t second_len = size - client_len - 1;
	PgtcAssertionExpected expect = expected();
	PgtcAssertionResult result;
	PgtcAssertion assertion;
	uint8_t signature[64];
	size_t signature_len = sizeof(signature);
	uint8_t hash[PGTC_SHA256_LEN];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	PgtcBuf input;
	PgtcKey key;
	PgtcCode code;

	REQUIRE(pgtc_key_import(alg, pgtc_slice_str(pem), &key) == PGTC_OK);
	REQUIRE(pgtc_crypto_sha256(data, client_len, hash) == PGTC_OK);
	pgtc_buf_init(&input, &fuzz_mem);
	pgtc_buf_append(&input, second, second_len);
	pgtc_buf_append(&input, hash, sizeof(hash));
	REQUIRE(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key.pkey) == 1);
	REQUIRE(EVP_DigestSign(ctx, signature, &signature_len, (const uint8_t *) input.data,
						   input.len) == 1);
	EVP_MD_CTX_free(ctx);
	pgtc_buf_free(&input);

	assertion.client_data = fuzz_slice(data, client_len);
	assertion.authenticator_data = fuzz_slice(second, second_len);
	assertion.signature = fuzz_slice(signature, signature_len);
	code = pgtc_webauthn_check(&assertion, &key, &expect, &fuzz_mem, &result);
	/* what is well-formed and true is also well signed */
	REQUIRE(code != PGTC_E_SIGNATURE);
	if (code == PGTC_OK)
	{
		REQUIRE(pgtc_crypto_sha256(rp_id, strlen(rp_id), hash) == PGTC_OK);
		REQUIRE(second_len >= 37 && memcmp(second, hash, sizeof(hash)) == 0);
		REQUIRE((second[32] & 0x41) == 0x01);
		REQUIRE((second_len > 37) == ((second[32] & 0x80) != 0));
		REQUIRE(result.user_verified == ((second[32] & 0x04) != 0));
		REQUIRE(result.counter > 5 && result.counter <= UINT32_MAX);
		/* an escape is another way to write either */
		REQUIRE(contains(data, client_len, "Y2hhbGxlbmdl") || contains(data, client_len, "\\"));
		expect.user_verification = true;
		code = pgtc_webauthn_check(&assertion, &key, &expect, &fuzz_mem, &result);
		REQUIRE((code == PGTC_OK) == ((second[32] & 0x04) != 0));
		expect.counter = UINT32_MAX;
		expect.user_verification = false;
		code = pgtc_webauthn_check(&assertion, &key, &expect, &fuzz_mem, &result);
		REQUIRE(code == PGTC_E_EXPIRED && result.counter == 0);
	}
	else
		REQUIRE(result.counter == 0 && !result.user_verified && !result.backed_up);
	pgtc_key_free(&key);
}

/* true of everything but the signature; nobody has its private key, so no input has either */
static void
check_signature(const PgtcKey *key, PgtcSlice signature)
{
	static const char client_data[] = "{\"type\":\"webauthn.get\",\"challenge\":\"Y2hhbGxlbmdl\","
									  "\"origin\":\"http://localhost:8099\"}";
	PgtcAssertionExpected expect = expected();
	PgtcAssertionResult result;
	PgtcAssertion assertion;
	uint8_t data[37];

	REQUIRE(pgtc_crypto_sha256(rp_id, strlen(rp_id), data) == PGTC_OK);
	memcpy(data + 32, "\x01\0\0\0\x06", 5);
	assertion.client_data = pgtc_slice_str(client_data);
	assertion.authenticator_data = fuzz_slice(data, sizeof(data));
	assertion.signature = signature;
	REQUIRE(pgtc_webauthn_check(&assertion, key, &expect, &fuzz_mem, &result) ==
			(signature.len > 0 && signature.len <= PGTC_WEBAUTHN_MAX ? PGTC_E_SIGNATURE
																	 : PGTC_E_MALFORMED));
}

/* a key that is read is public, and as a JWK it is the same */
static void
check_key(const PgtcAlg *alg, PgtcSlice text)
{
	char first[PGTC_THUMBPRINT_LEN + 1];
	char second[PGTC_THUMBPRINT_LEN + 1];
	PgtcBuf jwk;
	PgtcKey key;
	PgtcKey again;

	if (pgtc_webauthn_key_read(alg, text, &key) != PGTC_OK)
	{
		REQUIRE(key.pkey == NULL && key.alg == NULL);
		return;
	}
	REQUIRE(key.alg == alg && !key.is_private && key.secret == NULL);
	pgtc_buf_init(&jwk, &fuzz_mem);
	REQUIRE(pgtc_key_write_private(&key, &jwk) == PGTC_E_KEY);
	REQUIRE(pgtc_jwk_write(&key, pgtc_slice_str("k"), &jwk) == PGTC_OK);
	REQUIRE(pgtc_webauthn_key_read(alg, pgtc_slice(jwk.data, jwk.len), &again) == PGTC_OK);
	REQUIRE(pgtc_jwk_thumbprint(&key, &fuzz_mem, first) == PGTC_OK);
	REQUIRE(pgtc_jwk_thumbprint(&again, &fuzz_mem, second) == PGTC_OK);
	REQUIRE(strcmp(first, second) == 0);
	check_signature(&key, text);
	pgtc_key_free(&again);
	pgtc_key_free(&key);
	pgtc_buf_free(&jwk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* RFC 7515 appendix A.3, RFC 8037 appendix A.2 */
	static const char *const keys[][2] = {
		{"ES256",
		 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVE"
		 "U\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"},
		{"EdDSA",
		 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH"
		 "URo\"}"}};
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	const PgtcAlg *alg;
	PgtcKey key;
	int i;

	if (size > 0 && data[0] == '{' && lf != NULL)
	{
		check_signed(data, size, (size_t) (lf - data));
		return 0;
	}
	for (i = 0; (alg = pgtc_alg_nth(i)) != NULL; i++)
		check_key(alg, fuzz_slice(data, size));
	for (i = 0; i < 2; i++)
	{
		alg = pgtc_webauthn_alg(pgtc_slice_str(keys[i][0]));
		REQUIRE(pgtc_webauthn_key_read(alg, pgtc_slice_str(keys[i][1]), &key) == PGTC_OK);
		check_signature(&key, fuzz_slice(data, size));
		pgtc_key_free(&key);
	}
	return 0;
}
