/*
 * blacklist.h
 *		Use case: a single token is refused before its end.
 */
#ifndef PGT_BLACKLIST_H
#define PGT_BLACKLIST_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "tables/grant.h"

typedef struct BlacklistedToken
{
	pg_uuid_t grant_id;
	const char *token_type;
	const char *token_id;
	TimestampTz expires_at;
} BlacklistedToken;

/* false: not genuine, ended, or blacklisted before */
extern bool blacklist_token(const char *token, const char *reason, BlacklistedToken *out);

/* ereport(22023) for a jti that is not of our making */
extern bool blacklist_jti(const char *jti, TimestampTz expires_at, const char *reason,
						  BlacklistedToken *out);

/* all access tokens that a family has out, which its caller has locked; how many */
extern int blacklist_access_tokens_of(const Grant *grant, TimestampTz now, const char *reason);

#endif /* PGT_BLACKLIST_H */
