/*
 * crypto.c
 *		The primitives that every other file leans on.
 *
 * OpenSSL 3 looks an algorithm up by name in every call that is given none that
 * was fetched before, which costs more than a short hash itself; a context to hash
 * in costs half of one.  So SHA-256 and one context are made on first use and kept:
 * constants of the process, the only ones the core has.  OpenSSL's error queue, which nobody reads, is emptied
 * after a failure only: emptying it takes as long as hashing a secret.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/base/crypto.h"
#include "core/base/b64url.h"

#define SHA256_BLOCK 64

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

/* SHA-256 of two pieces one after the other; out NULL: what the context keeps of the last is overwritten */
static bool
hash_pieces(const void *first, size_t first_len, const void *second, size_t second_len,
			uint8_t *out)
{
	static EVP_MD *sha256 = NULL;
	static EVP_MD_CTX *ctx = NULL;
	bool done;

	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	done = sha256 != NULL && ctx != NULL && EVP_DigestInit_ex(ctx, sha256, NULL) == 1 &&
		   (out == NULL || (EVP_DigestUpdate(ctx, first, first_len) == 1 &&
							EVP_DigestUpdate(ctx, second, second_len) == 1 &&
							EVP_DigestFinal_ex(ctx, out, NULL) == 1));
	if (!done)
		ERR_clear_error();
	return done;
}

PgtcCode
pgtc_crypto_sha256(const void *data, size_t len, uint8_t out[PGTC_SHA256_LEN])
{
	return hash_pieces(data, len, NULL, 0, out) ? PGTC_OK : PGTC_E_CRYPTO;
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

/*
 * RFC 2104 section 2.  Written out: OpenSSL's own takes twice as long for a short message,
 * most of it to make and free what it wraps around the two hashes.
 */
PgtcCode
pgtc_crypto_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
						uint8_t out[PGTC_SHA256_LEN])
{
	uint8_t pad[SHA256_BLOCK] = {0};
	uint8_t inner[PGTC_SHA256_LEN];
	bool done = true;
	size_t i;

	if (key_len > sizeof(pad))
		done = hash_pieces(key, key_len, NULL, 0, pad);
	else if (key_len > 0)
		memcpy(pad, key, key_len);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	done = done && hash_pieces(pad, sizeof(pad), data, len, inner);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	done = done && hash_pieces(pad, sizeof(pad), inner, sizeof(inner), out);
	/* what was derived is a secret, which a hash that is stored is not */
	done = hash_pieces(NULL, 0, NULL, 0, NULL) && done;
	pgtc_crypto_wipe(pad, sizeof(pad));
	pgtc_crypto_wipe(inner, sizeof(inner));
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}
