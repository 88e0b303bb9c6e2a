/*
 * secret_handle.c
 *		Handles: secrets that name a row which leads to a family.
 */
#include "base/secret_handle.h"

#include "base/glue.h"
#include "base/random.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/jose/root_keys.h"
#include "core/jose/wrap.h"
#include "core/oauth/handle.h"

/* what the key that seals is derived for, and what it is bound to */
#define SEAL_LABEL "sealed by a handle"

static void
hash_secret(const PgtcHandle *handle, uint8_t hash[PGTC_SHA256_LEN])
{
	glue_check(pgtc_crypto_sha256(handle->secret, sizeof(handle->secret), hash),
			   "hashing a secret");
}

char *
secret_handle_create(const char *prefix, const pg_uuid_t *grant_id, uint8_t hash[PGTC_SHA256_LEN])
{
	char *text = palloc(PGTC_HANDLE_LEN + 1);
	PgtcHandle handle;

	memcpy(handle.grant_id, grant_id->data, PGTC_UUID_LEN);
	random_bytes(handle.secret, sizeof(handle.secret));
	hash_secret(&handle, hash);
	pgtc_handle_write(prefix, &handle, text);
	pgtc_crypto_wipe(&handle, sizeof(handle));
	return text;
}

bool
secret_handle_read(const char *prefix, const char *text, pg_uuid_t *grant_id,
				   uint8_t hash[PGTC_SHA256_LEN])
{
	PgtcHandle handle;

	if (pgtc_handle_parse(prefix, pgtc_slice_str(text), &handle) != PGTC_OK)
		return false;
	memcpy(grant_id->data, handle.grant_id, PGTC_UUID_LEN);
	hash_secret(&handle, hash);
	pgtc_crypto_wipe(&handle, sizeof(handle));
	return true;
}

/* as the one root key that there is */
static void
sealing_key(const char *prefix, const char *text, PgtcRootKeys *keys)
{
	PgtcHandle handle;

	memset(keys, 0, sizeof(*keys));
	keys->n = 1;
	glue_check(pgtc_handle_parse(prefix, pgtc_slice_str(text), &handle), "reading a handle");
	glue_check(pgtc_crypto_hmac_sha256(handle.secret, sizeof(handle.secret), SEAL_LABEL,
									   strlen(SEAL_LABEL), keys->key[0].wrap_key),
			   "deriving a key");
	pgtc_crypto_wipe(&handle, sizeof(handle));
}

static char *
finish(PgtcBuf *buf)
{
	char *text = pnstrdup(buf->data, buf->len);

	pgtc_buf_free(buf);
	return text;
}

char *
secret_handle_seal(const char *prefix, const char *handle, const char *text)
{
	uint8_t nonce[PGTC_WRAP_NONCE_LEN];
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf sealed;

	sealing_key(prefix, handle, &keys);
	random_bytes(nonce, sizeof(nonce));
	pgtc_buf_init(&blob, &glue_mem);
	pgtc_buf_init(&sealed, &glue_mem);
	glue_check(pgtc_wrap(&keys, pgtc_slice_str(SEAL_LABEL), nonce, text, strlen(text), &blob),
			   "sealing a text");
	pgtc_root_keys_wipe(&keys);
	pgtc_buf_append_b64url(&sealed, blob.data, blob.len);
	glue_check(pgtc_buf_code(&sealed), "sealing a text");
	pgtc_buf_free(&blob);
	return finish(&sealed);
}

char *
secret_handle_open(const char *prefix, const char *handle, const char *sealed)
{
	PgtcRootKeys keys;
	PgtcBuf blob;
	PgtcBuf text;

	sealing_key(prefix, handle, &keys);
	pgtc_buf_init(&blob, &glue_mem);
	pgtc_buf_init(&text, &glue_mem);
	glue_check(pgtc_buf_decode_b64url(&blob, pgtc_slice_str(sealed)), "reading a sealed text");
	glue_check(pgtc_wrap_open(&keys, pgtc_slice_str(SEAL_LABEL), blob.data, blob.len, &text),
			   "opening a sealed text");
	pgtc_root_keys_wipe(&keys);
	pgtc_buf_free(&blob);
	return finish(&text);
}
