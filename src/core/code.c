/*
 * code.c
 *		Result code texts and the three primitives every other file leans on.
 *
 * Nothing here allocates or keeps state.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "internal.h"

const char *
pgtc_code_text(PgtcCode code)
{
	switch (code)
	{
		case PGTC_OK:
			return "success";
		case PGTC_E_NOMEM:
			return "out of memory";
		case PGTC_E_MALFORMED:
			return "malformed input";
		case PGTC_E_TOO_LONG:
			return "input too long";
		case PGTC_E_DUPLICATE:
			return "duplicate member in a JSON object";
		case PGTC_E_ALG:
			return "unknown or unexpected algorithm";
		case PGTC_E_KEY:
			return "key of the wrong type, curve or size";
		case PGTC_E_SIGNATURE:
			return "signature does not match";
		case PGTC_E_CRIT:
			return "critical header extension not understood";
		case PGTC_E_EXPIRED:
			return "expired";
		case PGTC_E_NOT_YET:
			return "not valid yet";
		case PGTC_E_ISSUER:
			return "unexpected issuer";
		case PGTC_E_AUDIENCE:
			return "unexpected audience";
		case PGTC_E_CLAIM:
			return "claim missing or of the wrong type";
		case PGTC_E_CRYPTO:
			return "cryptographic library failure";
		case PGTC_E_ROOT_KEY:
			return "no matching root key";
	}
	return "unknown result code";
}

bool
pgtc_equal_secret(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
pgtc_wipe(void *ptr, size_t len)
{
	if (ptr != NULL)
		OPENSSL_cleanse(ptr, len);
}

PgtcCode
pgtc_sha256(const void *data, size_t len, uint8_t out[PGTC_SHA256_LEN])
{
	ERR_clear_error();
	if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
	{
		ERR_clear_error();
		return PGTC_E_CRYPTO;
	}
	return PGTC_OK;
}

PgtcCode
pgtc_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
				 uint8_t out[PGTC_SHA256_LEN])
{
	unsigned int out_len = 0;

	if (key_len > INT32_MAX)
		return PGTC_E_TOO_LONG;

	ERR_clear_error();
	if (HMAC(EVP_sha256(), key, (int) key_len, data, len, out, &out_len) == NULL ||
		out_len != PGTC_SHA256_LEN)
	{
		ERR_clear_error();
		return PGTC_E_CRYPTO;
	}
	return PGTC_OK;
}
