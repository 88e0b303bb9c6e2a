/*
 * revoke.h
 *		Use cases: revoke a family, blacklist a single token.
 */
#ifndef PGT_REVOKE_H
#define PGT_REVOKE_H

#include "base/compat.h"

#include "tables/grant.h"

#define REVOKE_REASON_DEFAULT "revoked"

typedef struct RevokedFamily
{
	pg_uuid_t grant_id;
	RevokedGrant grant;
	int access_tokens; /* cut off before their end */
	TimestampTz revoked_at;
} RevokedFamily;

typedef struct BlacklistedToken
{
	pg_uuid_t grant_id;
	const char *token_type;
	const char *token_id;
	TimestampTz expires_at;
} BlacklistedToken;

/* false: unknown, or revoked before */
extern bool revoke_family(const pg_uuid_t *grant_id, const char *reason, RevokedFamily *out);

/* any genuine token of the family, expired and consumed ones included, or its grant_id */
extern bool revoke_family_of(const char *token, const char *reason, RevokedFamily *out);

/* false: not genuine, ended, or blacklisted before */
extern bool blacklist_token(const char *token, const char *reason, BlacklistedToken *out);

/* ereport(22023) for a jti that is not of our making */
extern bool blacklist_jti(const char *jti, TimestampTz expires_at, const char *reason,
						  BlacklistedToken *out);

#endif /* PGT_REVOKE_H */
