/*
 * crypto.c
 *		The primitives that every other file leans on.
 *
 * OpenSSL 3 looks an algorithm up by name in every call that is given none that
 * was fetched before, which costs more than a short hash itself.  So SHA-256 and
 * HMAC-SHA-256 are fetched on first use and kept: constants of the process, the
 * only ones the core has.  OpenSSL's error queue, which nobody reads, is emptied
 * after a failure only: emptying it takes as long as hashing a secret.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/base/crypto.h"
#include "core/base/b64url.h"

bool
pgtc_crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
pgtc_crypto_wipe(void *ptr, size_t len)
{
	if (ptr != NULL)
		OPENSSL_cleanse(ptr, len);
}

PgtcCode
pgtc_crypto_sha256(const void *data, size_t len, uint8_t out[PGTC_SHA256_LEN])
{
	static EVP_MD *sha256 = NULL;
	bool done;

	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	done = sha256 != NULL && EVP_Digest(data, len, out, NULL, sha256, NULL) == 1;
	if (!done)
		ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

PgtcCode
pgtc_crypto_digest_text(const void *data, size_t len, char out[PGTC_DIGEST_TEXT_LEN + 1])
{
	uint8_t digest[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_sha256(data, len, digest);

	memset(out, 0, PGTC_DIGEST_TEXT_LEN + 1);
	if (code == PGTC_OK)
		pgtc_b64url_encode(digest, sizeof(digest), out);
	pgtc_crypto_wipe(digest, sizeof(digest));
	return code;
}

/* an HMAC-SHA-256 without a key yet */
static EVP_MAC_CTX *
new_hmac(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(mac); /* the context holds it */
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) != 1)
	{
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

PgtcCode
pgtc_crypto_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
						uint8_t out[PGTC_SHA256_LEN])
{
	static EVP_MAC_CTX *keyless = NULL;
	EVP_MAC_CTX *ctx = NULL;
	size_t out_len = 0;
	bool done;

	if (keyless == NULL)
		keyless = new_hmac();
	if (keyless != NULL)
		ctx = EVP_MAC_CTX_dup(keyless);
	done = ctx != NULL && EVP_MAC_init(ctx, key, key_len, NULL) == 1 &&
		   EVP_MAC_update(ctx, data, len) == 1 &&
		   EVP_MAC_final(ctx, out, &out_len, PGTC_SHA256_LEN) == 1 && out_len == PGTC_SHA256_LEN;
	EVP_MAC_CTX_free(ctx); /* wipes the key */
	if (!done)
		ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}
