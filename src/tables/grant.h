/*
 * grant.h
 *		Families: the row and what may happen to it.
 *
 * Every change is one optimistic UPDATE that names the state it expects; false
 * means that somebody was faster and the caller reads again.
 */
#ifndef PGT_GRANT_H
#define PGT_GRANT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/refresh_token.h"
#include "core/risk/lockstep.h"
#include "tables/authentication.h"
#include "tables/confirmation.h"

typedef struct Grant
{
	pg_uuid_t grant_id;
	char *client_id;
	char *scope;
	char **resources;
	int n_resources;
	Authentication auth;
	char *nonce;
	Jsonb *claims_request; /* NULL: no single claims were asked for */
	Begun begun;
	TimestampTz expires_at;
	int idle_lifetime; /* seconds; only with a refresh token */
	int generation; /* -1: no refresh token */
	uint8_t current_hash[PGTC_SHA256_LEN];
	bool has_previous;
	uint8_t previous_hash[PGTC_SHA256_LEN];
	uint8_t rotation_nonce[PGTC_ROTATION_NONCE_LEN];
	TimestampTz rotated_at;
	int retry_count;
	bool has_lockstep;
	uint8_t lockstep[PGTC_LOCKSTEP_LEN]; /* as core/risk/lockstep.h writes it */
	int blacklisted_generation;
	Jsonb *context;
	Jsonb *first_context;
	char *grant_type;
	TimestampTz not_before; /* DT_NOBEGIN: none; not written by grant_insert */
	Confirmation cnf;
	Jsonb *act; /* NULL: nobody acts for the subject */
	pg_uuid_t *ancestors; /* not read back */
	int n_ancestors;
	char **ancestor_tokens; /* as many; not read back */
	bool revoked;
	char *revoke_reason;
	TimestampTz changed_at; /* DT_NOBEGIN: what its tokens say is what it began with */
	int64 status_series; /* its place in the status lists; 0: it has none */
	int32 status_position;
	bool
		status_moved; /* it has another place than its row: grant_rotate, _retry and _renew write it */
	const StoreFound *found; /* the row that it was read from; NULL: not known */
} Grant;

typedef struct RevokedGrant
{
	char *client_id;
	char *subject;
	int generation; /* -1: no refresh token */
} RevokedGrant;

/* NULL when there is no such family */
extern Grant *grant_read(const pg_uuid_t *grant_id);

/* for functions that only read: the latest committed state, whatever the isolation level */
extern Grant *grant_read_latest(const pg_uuid_t *grant_id);

/* nobody else changes it until the transaction ends */
extern void grant_lock(const pg_uuid_t *grant_id);

extern void grant_insert(const Grant *grant);

/* current generation -> its successor, exactly once */
extern bool grant_rotate(const Grant *grant, const uint8_t hash[PGTC_SHA256_LEN],
						 const uint8_t nonce[PGTC_ROTATION_NONCE_LEN], TimestampTz now,
						 Jsonb *context);

/* one more answer for the current generation; *retry is its number; limit < 0: any number; lockstep NULL: as it is */
extern bool grant_retry(const Grant *grant, int limit, const uint8_t *lockstep, int *retry);

/* a use of a refresh token that does not rotate; *retry is the number of the answer */
extern bool grant_renew(const Grant *grant, TimestampTz now, Jsonb *context, int *retry);

/* how its subject has authenticated by now; how it had at first is kept */
extern void grant_step_up(const Grant *grant);

/* scope, claims, blacklisted_generation and changed_at of a family that is locked */
extern void grant_change(const Grant *grant);

/* false: unknown, or revoked before; locks the row to the end of the transaction; *revoked is what it was */
extern bool grant_revoke(const pg_uuid_t *grant_id, TimestampTz now, const char *reason,
						 RevokedGrant *revoked);

/* refuse refresh tokens up to this generation; *expires_at is the family's end */
extern bool grant_blacklist(const pg_uuid_t *grant_id, int generation, TimestampTz *expires_at);

/* when the current refresh token ends if it is not used */
extern TimestampTz grant_refresh_end(const Grant *grant, TimestampTz from);

#endif /* PGT_GRANT_H */
