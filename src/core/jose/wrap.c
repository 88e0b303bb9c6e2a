/*
 * wrap.c
 *		Key material at rest: root keys, AES-256-GCM, HKDF-SHA-256.
 *
 * The root key itself is gone once it is parsed: only what was derived from it
 * stays.  What fails to open leaves nothing in the output buffer.
 */
#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/base/json_read.h"
#include "core/jose/wrap.h"

#define WRAP_VERSION 1
#define WRAP_TAG_LEN 16
#define WRAP_HEADER_LEN (1 + PGTC_ROOT_KEY_ID_LEN)
#define WRAP_MIN_LEN (WRAP_HEADER_LEN + PGTC_WRAP_NONCE_LEN + WRAP_TAG_LEN)

static PgtcCode parse_line(PgtcSlice line, PgtcRootKeys *out);
static PgtcCode derive(const uint8_t key[PGTC_ROOT_KEY_LEN], const char *info, uint8_t *out,
					   size_t len);
static bool cipher_start(EVP_CIPHER_CTX *ctx, bool encrypt, const uint8_t *key,
						 const uint8_t *header, const uint8_t *nonce, PgtcSlice label);
static PgtcCode seal(const PgtcRootKey *key, PgtcSlice label, const void *plain, size_t len,
					 uint8_t *blob);
static PgtcCode unseal(const PgtcRootKey *key, PgtcSlice label, const uint8_t *blob,
					   size_t plain_len, uint8_t *plain);
static bool blob_valid(const uint8_t *blob, size_t len);

/*
 *		file    = *( line LF ) [ line ]
 *		line    = blank / comment / key
 *		blank   = *( SP / HTAB )
 *		comment = "#" *( any octet but LF )
 *		key     = 64HEXDIG
 */
PgtcCode
pgtc_root_keys_parse(PgtcSlice file, PgtcRootKeys *out)
{
	const char *at = file.data;
	size_t left = file.len;
	PgtcCode code = PGTC_OK;

	memset(out, 0, sizeof(*out));
	while (code == PGTC_OK && left > 0)
	{
		const char *lf = memchr(at, '\n', left);
		size_t len = lf ? (size_t) (lf - at) : left;

		code = parse_line(pgtc_slice(at, len), out);
		if (lf != NULL)
			len++;
		at += len;
		left -= len;
	}
	if (code == PGTC_OK && out->n == 0)
		code = PGTC_E_MALFORMED;
	if (code != PGTC_OK)
		pgtc_root_keys_wipe(out);
	return code;
}

void
pgtc_root_keys_wipe(PgtcRootKeys *keys)
{
	pgtc_wipe(keys, sizeof(*keys));
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

PgtcCode
pgtc_unwrap(const PgtcRootKeys *keys, PgtcSlice label, const void *blob, size_t len, PgtcBuf *out)
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
pgtc_wrapped_by_first(const PgtcRootKeys *keys, const void *blob, size_t len)
{
	const uint8_t *bytes = blob;

	return keys->n > 0 && blob_valid(bytes, len) &&
		   memcmp(keys->key[0].id, bytes + 1, PGTC_ROOT_KEY_ID_LEN) == 0;
}

static PgtcCode
parse_line(PgtcSlice line, PgtcRootKeys *out)
{
	uint8_t key[PGTC_ROOT_KEY_LEN];
	PgtcCode code = PGTC_OK;
	size_t i;

	if (line.len > 0 && line.data[0] == '#')
		return PGTC_OK;
	for (i = 0; i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'); i++)
		;
	if (i == line.len)
		return PGTC_OK;
	if (line.len != 2 * PGTC_ROOT_KEY_LEN || out->n >= PGTC_ROOT_KEYS_MAX)
		return PGTC_E_MALFORMED;

	for (i = 0; i < PGTC_ROOT_KEY_LEN && code == PGTC_OK; i++)
	{
		int high = pgtc_hex_value(line.data[2 * i]);
		int low = pgtc_hex_value(line.data[2 * i + 1]);

		if (high < 0 || low < 0)
			code = PGTC_E_MALFORMED;
		else
			key[i] = (uint8_t) (high << 4 | low);
	}
	if (code == PGTC_OK)
		code = derive(key, "pgtoken root key id", out->key[out->n].id, PGTC_ROOT_KEY_ID_LEN);
	if (code == PGTC_OK)
		code = derive(key, "pgtoken wrap key", out->key[out->n].wrap_key,
					  sizeof(out->key[out->n].wrap_key));
	if (code == PGTC_OK)
		out->n++;
	pgtc_wipe(key, sizeof(key));
	return code;
}

/* RFC 5869, without salt: the input is uniformly random already */
static PgtcCode
derive(const uint8_t key[PGTC_ROOT_KEY_LEN], const char *info, uint8_t *out, size_t len)
{
	OSSL_PARAM params[4];
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx = NULL;
	PgtcCode code = PGTC_E_CRYPTO;

	ERR_clear_error();
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *) "SHA256", 0);
	params[1] =
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *) key, PGTC_ROOT_KEY_LEN);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *) info, strlen(info));
	params[3] = OSSL_PARAM_construct_end();

	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (kdf != NULL)
		ctx = EVP_KDF_CTX_new(kdf);
	if (ctx != NULL && EVP_KDF_derive(ctx, out, len, params) == 1)
		code = PGTC_OK;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return code;
}

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
