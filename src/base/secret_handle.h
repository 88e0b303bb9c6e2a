/*
 * secret_handle.h
 *		Handles: secrets that name a row which leads to a family (core/oauth/handle.h).
 */
#ifndef PGT_SECRET_HANDLE_H
#define PGT_SECRET_HANDLE_H

#include "base/compat.h"

#include "utils/uuid.h"

#include "core/base/crypto.h"

/* a new handle for the family; its text, and the hash to be stored */
extern char *secret_handle_create(const char *prefix, const pg_uuid_t *grant_id,
								  uint8_t hash[PGTC_SHA256_LEN]);

/* the family a handle names, and the hash of its secret; false: not of the form */
extern bool secret_handle_read(const char *prefix, const char *text, pg_uuid_t *grant_id,
							   uint8_t hash[PGTC_SHA256_LEN]);

/*
 * Text that only who has the handle can read: the key comes from its secret, of which
 * the hash that is stored tells nothing.  sealed is base64url; opening it
 * elog(ERROR)s unless this handle has sealed it.
 */
extern char *secret_handle_seal(const char *prefix, const char *handle, const char *text);
extern char *secret_handle_open(const char *prefix, const char *handle, const char *sealed);

#endif /* PGT_SECRET_HANDLE_H */
