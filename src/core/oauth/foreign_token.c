/*
 * foreign_token.c
 *		Refresh tokens that another server has handed out.
 *
 * Hydra keeps the second half of its token, which is a MAC of the first: who has only
 * its database has no token, as long as the MAC is looked at here, too.
 */
#include <limits.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/oauth/foreign_token.h"
#include "core/base/b64url.h"

#define HYDRA_PREFIX "ory_rt_"
#define HYDRA_MAC_LEN 32
#define HYDRA_KEY_MAX 256 /* bytes of the random half: 32, and more by its settings */

#define GCM_NONCE_LEN 12
#define GCM_TAG_LEN 16

static const char *const names[] = {
	[PGTC_FOREIGN_WHOLE] = "whole",
	[PGTC_FOREIGN_HYDRA] = "hydra",
};

const char *
pgtc_foreign_token_format(int format)
{
	return format < PGTC_FOREIGN_FORMATS ? names[format] : NULL;
}

PgtcCode
pgtc_foreign_token_key(PgtcSlice secret, uint8_t out[PGTC_FOREIGN_KEY_LEN])
{
	return pgtc_crypto_sha256(secret.data, secret.len, out);
}

/* HMAC-SHA-512/256 */
static PgtcCode
hydra_mac(const uint8_t *key, const uint8_t *data, size_t len, uint8_t out[HYDRA_MAC_LEN])
{
	size_t out_len = 0;
	bool done;

	ERR_clear_error();
	done = EVP_Q_mac(NULL, "HMAC", NULL, "SHA512-256", NULL, key, PGTC_FOREIGN_KEY_LEN, data, len,
					 out, HYDRA_MAC_LEN, &out_len) != NULL &&
		   out_len == HYDRA_MAC_LEN;
	ERR_clear_error();
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

/* *signature: as it is spelt, which is how it is stored */
static PgtcCode
hydra_signature(const uint8_t *key, PgtcSlice token, PgtcSlice *signature)
{
	uint8_t random[HYDRA_KEY_MAX];
	uint8_t mac[HYDRA_MAC_LEN];
	uint8_t expected[HYDRA_MAC_LEN];
	size_t prefix_len = strlen(HYDRA_PREFIX);
	size_t len;
	PgtcSlice half;
	PgtcCode code;

	if (token.len > prefix_len && memcmp(token.data, HYDRA_PREFIX, prefix_len) == 0)
		token = pgtc_slice(token.data + prefix_len, token.len - prefix_len);
	half = pgtc_slice_take(&token, '.');
	*signature = token;
	if (half.len == 0 || pgtc_b64url_decode(token, mac, sizeof(mac), &len) != PGTC_OK ||
		len != sizeof(mac) || pgtc_b64url_decode(half, random, sizeof(random), &len) != PGTC_OK)
		return PGTC_E_MALFORMED;
	code = hydra_mac(key, random, len, expected);
	if (code == PGTC_OK && !pgtc_crypto_equal(mac, expected, sizeof(mac)))
		code = PGTC_E_SIGNATURE;
	pgtc_crypto_wipe(random, sizeof(random));
	return code;
}

PgtcCode
pgtc_foreign_token_digest(PgtcForeignFormat format, const uint8_t key[PGTC_FOREIGN_KEY_LEN],
						  PgtcSlice token, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcCode code = PGTC_OK;

	if (token.len == 0 || token.len > PGTC_FOREIGN_TOKEN_MAX)
		return PGTC_E_MALFORMED;
	if (format == PGTC_FOREIGN_HYDRA)
		code = hydra_signature(key, token, &token);
	return code == PGTC_OK ? pgtc_crypto_sha256(token.data, token.len, out) : code;
}

static PgtcCode
gcm_open(const uint8_t *key, const uint8_t *blob, size_t plain_len, uint8_t *plain)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t tag[GCM_TAG_LEN];
	PgtcCode code = PGTC_E_CRYPTO;
	int n;

	memcpy(tag, blob + GCM_NONCE_LEN + plain_len, sizeof(tag));
	ERR_clear_error();
	ctx = EVP_CIPHER_CTX_new();
	if (ctx != NULL && EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key, blob, 0, NULL) == 1 &&
		(plain_len == 0 ||
		 EVP_CipherUpdate(ctx, plain, &n, blob + GCM_NONCE_LEN, (int) plain_len) == 1) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_LEN, tag) == 1)
		code = EVP_CipherFinal_ex(ctx, plain + plain_len, &n) == 1 ? PGTC_OK : PGTC_E_SIGNATURE;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_foreign_token_open(const uint8_t key[PGTC_FOREIGN_KEY_LEN], PgtcSlice text, PgtcBuf *out)
{
	size_t start = out->len;
	PgtcBuf blob;
	uint8_t *plain;
	size_t plain_len;
	PgtcCode code;

	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	pgtc_buf_init(&blob, out->mem);
	code = pgtc_buf_decode_b64url(&blob, text);
	if (code == PGTC_OK && blob.len < GCM_NONCE_LEN + GCM_TAG_LEN)
		code = PGTC_E_MALFORMED;
	if (code == PGTC_OK && blob.len > INT_MAX)
		code = PGTC_E_TOO_LONG;
	if (code == PGTC_OK)
	{
		plain_len = blob.len - GCM_NONCE_LEN - GCM_TAG_LEN;
		plain = (uint8_t *) pgtc_buf_extend(out, plain_len);
		code = plain ? gcm_open(key, (const uint8_t *) blob.data, plain_len, plain) : PGTC_E_NOMEM;
	}
	/* what GCM deciphered before it saw the tag was never authenticated */
	if (code != PGTC_OK)
		pgtc_buf_truncate(out, start);
	pgtc_buf_free(&blob);
	return code;
}
