/*
 * secret_handle.c
 *		Handles: secrets that name a row which leads to a family.
 */
#include "base/secret_handle.h"

#include "base/glue.h"
#include "base/random.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/handle.h"

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
