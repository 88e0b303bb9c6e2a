/*
 * revoke.h
 *		Use case: revoke a family.
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

/* false: unknown, or revoked before */
extern bool revoke_family(const pg_uuid_t *grant_id, const char *reason, RevokedFamily *out);

/* any genuine token of the family, expired and consumed ones included, or its grant_id */
extern bool revoke_family_of(const char *token, const char *reason, RevokedFamily *out);

#endif /* PGT_REVOKE_H */
