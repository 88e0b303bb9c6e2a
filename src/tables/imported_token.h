/*
 * imported_token.h
 *		Refresh tokens that another server has handed out, each of which stands for
 *		generation 0 of a family here.
 *
 * The secret of that generation is derived from the digest of the foreign token by a key
 * that only this server has: neither the other server's storage nor ours is enough to
 * write a token of our shape, or to look for the foreign one by trial.
 */
#ifndef PGT_IMPORTED_TOKEN_H
#define PGT_IMPORTED_TOKEN_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "core/base/crypto.h"
#include "core/oauth/refresh_token.h"
#include "tables/imported_source.h"

/* what stands for a foreign token as generation 0, and its hash */
extern void imported_token_secret(ImportSource *source, const uint8_t digest[PGTC_SHA256_LEN],
								  uint8_t secret[PGTC_SECRET_LEN], uint8_t hash[PGTC_SHA256_LEN]);

/* the family of a token with this hash, which may be gone; false: none was imported */
extern bool imported_token_family(const uint8_t hash[PGTC_SHA256_LEN], pg_uuid_t *grant_id);

/* the family is there already; the row is kept until expires_at, and as long as the family is */
extern void imported_token_insert(const pg_uuid_t *grant_id, const ImportSource *source,
								  const uint8_t hash[PGTC_SHA256_LEN], TimestampTz expires_at);

/* a presented text as one of our tokens; false: nothing like it was imported */
extern bool imported_token_find(const char *token, PgtcRefreshToken *out);

#endif /* PGT_IMPORTED_TOKEN_H */
