/*
 * wrap.c
 *		Key material at rest: AES-256-GCM.
 *
 * What fails to open leaves nothing in the output buffer.
 */
#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/jose/wrap.h"

#define WRAP_VERSION 1
#define WRAP_TAG_LEN 16
#define WRAP_HEADER_LEN (1 + PGTC_ROOT_KEY_ID_LEN)
#define WRAP_MIN_LEN (WRAP_HEADER_LEN + PGTC_WRAP_NONCE_LEN + WRAP_TAG_LEN)

/* version and root key id are authenticated with the label: header first, since its length is fixed */
static bool
cipher_start(EVP_CIPHER_CTX *ctx, bool encrypt, const uint8_t *key, const uint8_t *header,
			 const uint8_t *nonce, PgtcSlice label)
{
	int n;

	return ctx != NULL &&
		   EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, encrypt ? 1 : 0, NULL) == 1 &&
		   EVP_CipherUpdate(ctx, NULL, &n, header, WRAP_HEADER_LEN) == 1 &&
		   (label.len == 0 ||
			EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *) label.data, (int) label.len) == 1);
}

static PgtcCode
seal(const PgtcRootKey *key, PgtcSlice label, const void *plain, size_t len, uint8_t *blob)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t *cipher = blob + WRAP_HEADER_LEN + PGTC_WRAP_NONCE_LEN;
	PgtcCode code = PGTC_E_CRYPTO;
	int n;

	ERR_clear_error();
	ctx = EVP_CIPHER_CTX_new();
	if (cipher_start(ctx, true, key->wrap_key, blob, blob + WRAP_HEADER_LEN, label) &&
		(len == 0 || EVP_CipherUpdate(ctx, cipher, &n, plain, (int) len) == 1) &&
		EVP_CipherFinal_ex(ctx, cipher + len, &n) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, WRAP_TAG_LEN, cipher + len) == 1)
		code = PGTC_OK;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_wrap(const PgtcRootKeys *keys, PgtcSlice label, const uint8_t nonce[PGTC_WRAP_NONCE_LEN],
		  const void *plain, size_t len, PgtcBuf *out)
{
	size_t start = out->len;
	uint8_t *blob;
	PgtcCode code;

	if (keys->n == 0)
		return PGTC_E_ROOT_KEY;
	if (len > INT_MAX - WRAP_MIN_LEN || label.len > INT_MAX)
		return PGTC_E_TOO_LONG;
	blob = (uint8_t *) pgtc_buf_extend(out, WRAP_MIN_LEN + len);
	if (blob == NULL)
		return PGTC_E_NOMEM;

	blob[0] = WRAP_VERSION;
	memcpy(blob + 1, keys->key[0].id, PGTC_ROOT_KEY_ID_LEN);
	memcpy(blob + WRAP_HEADER_LEN, nonce, PGTC_WRAP_NONCE_LEN);
	code = seal(&keys->key[0], label, plain, len, blob);
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

static PgtcCode
unseal(const PgtcRootKey *key, PgtcSlice label, const uint8_t *blob, size_t plain_len,
	   uint8_t *plain)
{
	EVP_CIPHER_CTX *ctx;
	const uint8_t *cipher = blob + WRAP_HEADER_LEN + PGTC_WRAP_NONCE_LEN;
	uint8_t tag[WRAP_TAG_LEN];
	PgtcCode code = PGTC_E_CRYPTO;
	int n;

	memcpy(tag, cipher + plain_len, sizeof(tag));
	ERR_clear_error();
	ctx = EVP_CIPHER_CTX_new();
	if (cipher_start(ctx, false, key->wrap_key, blob, blob + WRAP_HEADER_LEN, label) &&
		(plain_len == 0 || EVP_CipherUpdate(ctx, plain, &n, cipher, (int) plain_len) == 1) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, WRAP_TAG_LEN, tag) == 1)
		code = EVP_CipherFinal_ex(ctx, plain + plain_len, &n) == 1 ? PGTC_OK : PGTC_E_SIGNATURE;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return code;
}

static bool
blob_valid(const uint8_t *blob, size_t len)
{
	return len >= WRAP_MIN_LEN && blob[0] == WRAP_VERSION;
}

PgtcCode
pgtc_wrap_open(const PgtcRootKeys *keys, PgtcSlice label, const void *blob, size_t len,
			   PgtcBuf *out)
{
	const uint8_t *bytes = blob;
	const PgtcRootKey *key = NULL;
	size_t start = out->len;
	uint8_t *plain;
	PgtcCode code;
	int i;

	if (label.len > INT_MAX || len > INT_MAX)
		return PGTC_E_TOO_LONG;
	if (!blob_valid(bytes, len))
		return PGTC_E_MALFORMED;
	for (i = 0; i < keys->n && key == NULL; i++)
	{
		if (memcmp(keys->key[i].id, bytes + 1, PGTC_ROOT_KEY_ID_LEN) == 0)
			key = &keys->key[i];
	}
	if (key == NULL)
		return PGTC_E_ROOT_KEY;

	plain = (uint8_t *) pgtc_buf_extend(out, len - WRAP_MIN_LEN);
	if (plain == NULL)
		return PGTC_E_NOMEM;
	code = unseal(key, label, bytes, len - WRAP_MIN_LEN, plain);
	/* what GCM deciphered before it saw the tag was never authenticated */
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	return code;
}

bool
pgtc_wrap_by_first(const PgtcRootKeys *keys, const void *blob, size_t len)
{
	const uint8_t *bytes = blob;

	return keys->n > 0 && blob_valid(bytes, len) &&
		   memcmp(keys->key[0].id, bytes + 1, PGTC_ROOT_KEY_ID_LEN) == 0;
}
