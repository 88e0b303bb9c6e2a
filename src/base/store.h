/*
 * store.h
 *		The only door to the tables.
 *
 * One table of queries, each prepared on first use and kept.  A caller fills
 * StoreArgs in the order of the query's parameters, and reads rows in a
 * callback that runs in the caller's memory context: what the getters return is
 * palloc'd there and outlives the call.  Queries run as the owner of the
 * extension, because every SQL function that leads here is SECURITY DEFINER.
 */
#ifndef PGT_STORE_H
#define PGT_STORE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "base/lifetime.h"

typedef enum StoreQuery
{
	STORE_AUDIT_INSERT,
	STORE_BLACKLIST_INSERT,
	STORE_CHALLENGE_ATTEMPT,
	STORE_CHALLENGE_CHOOSE,
	STORE_CHALLENGE_CODE,
	STORE_CHALLENGE_CODE_EXPIRE,
	STORE_CHALLENGE_CODE_INSERT,
	STORE_CHALLENGE_CODE_LOCK,
	STORE_CHALLENGE_CODE_TAKE,
	STORE_CHALLENGE_COMPLETE,
	STORE_CHALLENGE_CONSUME,
	STORE_CHALLENGE_COUNT,
	STORE_CHALLENGE_FAIL,
	STORE_CHALLENGE_INSERT,
	STORE_CHALLENGE_READ,
	STORE_CHALLENGE_REPLACE,
	STORE_CLIENT_READ,
	STORE_CLIENT_SECRETS_READ,
	STORE_CLIENT_SECRET_REHASH,
	STORE_CLIENT_SECRET_USED,
	STORE_CODE_INSERT,
	STORE_CODE_READ,
	STORE_CODE_REDEEM,
	STORE_CONSENT_READ,
	STORE_CONSENT_STORE,
	STORE_DEVICE_APPROVE,
	STORE_DEVICE_DENY,
	STORE_DEVICE_FIND,
	STORE_DEVICE_INSERT,
	STORE_DEVICE_POLL,
	STORE_DEVICE_READ,
	STORE_DEVICE_REDEEM,
	STORE_FACTOR_ACTIVATE,
	STORE_FACTOR_ATTEMPT,
	STORE_FACTOR_COUNT_CODE,
	STORE_FACTOR_DELETE,
	STORE_FACTOR_DELETE_TYPE,
	STORE_FACTOR_DISABLE,
	STORE_FACTOR_INSERT,
	STORE_FACTOR_LIST,
	STORE_FACTOR_LIST_LOCKED,
	STORE_FACTOR_LOCK,
	STORE_FACTOR_READ,
	STORE_FACTOR_SECRET_SAMPLES,
	STORE_FACTOR_SECRET_UPDATE,
	STORE_FACTOR_SECRETS,
	STORE_FACTOR_UNLOCK,
	STORE_FACTOR_USE,
	STORE_GRANT_ANCESTORS,
	STORE_GRANT_BLACKLIST,
	STORE_GRANT_INSERT,
	STORE_GRANT_LOCK,
	STORE_GRANT_READ,
	STORE_GRANT_READ_LATEST,
	STORE_GRANT_RENEW,
	STORE_GRANT_RETRY,
	STORE_GRANT_REVOKE,
	STORE_GRANT_ROTATE,
	STORE_GRANT_STEP_UP,
	STORE_ISSUER_LOCK,
	STORE_ISSUERS_READ,
	STORE_KEY_INSERT,
	STORE_KEY_AT_ITS_END,
	STORE_KEYS_READ,
	STORE_LINEAGE_COLLECTION_SEEN,
	STORE_LINEAGE_COUNT_LIVE,
	STORE_LINEAGE_COUNT_REFRESHES,
	STORE_LINEAGE_EXPIRY,
	STORE_LINEAGE_HASH,
	STORE_LINEAGE_INSERT,
	STORE_MATERIAL_INSERT,
	STORE_MATERIAL_LIST,
	STORE_MATERIAL_READ,
	STORE_MATERIAL_UPDATE,
	STORE_POLICIES_READ,
	STORE_REPLAY_INSERT,
	STORE_REQUEST_CHECK,
	STORE_REQUEST_DELETE,
	STORE_REQUEST_INSERT,
	STORE_REQUEST_READ,
	STORE_RESOURCES_READ,
	STORE_REUSE_NOTE,
	STORE_SUBJECT_NOT_BEFORE,
	STORE_SUBJECT_NOT_BEFORE_LATEST,
	STORE_TOKEN_ANCESTORS,
	STORE_TOKEN_STATE,
	STORE_USER_CODE_ATTEMPT,
	STORE_USER_CODE_FORGIVE,
	STORE_QUERIES
} StoreQuery;

#define STORE_ARGS_MAX 28

typedef struct StoreArgs
{
	int n;
	Datum value[STORE_ARGS_MAX];
	char null[STORE_ARGS_MAX];
} StoreArgs;

/* append one parameter; a NULL pointer is SQL NULL */
extern void store_arg_text(StoreArgs *args, const char *value);
extern void store_arg_uuid(StoreArgs *args, const pg_uuid_t *value);
extern void store_arg_bytes(StoreArgs *args, const void *value, size_t len);
extern void store_arg_hashes(StoreArgs *args, const uint8_t (*values)[32], int n); /* n < 0: NULL */
extern void store_arg_int(StoreArgs *args, int32 value);
extern void store_arg_long(StoreArgs *args, int64 value);
extern void store_arg_begun(StoreArgs *args, const Begun *begun); /* its epochs */
extern void store_arg_bool(StoreArgs *args, bool value);
extern void store_arg_time(StoreArgs *args, TimestampTz value);
extern void store_arg_jsonb(StoreArgs *args, Jsonb *value);
extern void store_arg_texts(StoreArgs *args, char *const *values, int n); /* n < 0: NULL */
extern void store_arg_uuids(StoreArgs *args, const pg_uuid_t *values, int n); /* n = 0: NULL */
extern void store_arg_null(StoreArgs *args);

typedef struct StoreRow StoreRow;
typedef void (*StoreReader)(StoreRow *row, void *arg);

/* runs the query, calls reader (may be NULL) for each row, returns the number of rows */
extern uint64 store_run(StoreQuery query, const StoreArgs *args, StoreReader reader, void *arg);

/* memory of the plans that are kept, in bytes; there are at most STORE_QUERIES of them */
extern Size store_plans_size(void);

/*
 * Unless pgtoken.durable_rotation is off, this transaction waits for its commit
 * record to be on disk whatever synchronous_commit says: a rotation or
 * revocation that was answered must survive a crash.
 */
extern void store_make_durable(void);

/*
 * Getters take the next column, in the order of the query's list; NULL becomes
 * NULL, 0, false, DT_NOBEGIN or -1 as each says.
 */
extern bool store_given(StoreRow *row); /* not NULL, whatever it is */
extern char *store_text(StoreRow *row);
extern bool store_bytes(StoreRow *row, void *out,
						size_t len); /* false: NULL; elog when of another length */
extern bytea *store_bytea(StoreRow *row);
extern int32 store_int(StoreRow *row, int32 if_null);
extern int64 store_long(StoreRow *row, int64 if_null);
extern void store_begun(StoreRow *row, Begun *begun); /* its epochs */
extern Lifetime store_lifetime(StoreRow *row);
extern void store_epochs(StoreRow *row, Epochs *epochs);
extern int32 store_seconds(StoreRow *row,
						   int32 if_null); /* of an interval, as lifetime_of_interval */
extern bool store_bool(StoreRow *row);
extern TimestampTz store_time(StoreRow *row, TimestampTz if_null);
extern Jsonb *store_jsonb(StoreRow *row);
extern char **store_texts(StoreRow *row, int *n); /* n = -1: NULL */
extern bool store_uuid_optional(StoreRow *row, pg_uuid_t *out); /* false: NULL */
extern void store_uuid(StoreRow *row, pg_uuid_t *out);
extern pg_uuid_t *store_uuids(StoreRow *row, int *n); /* n = -1: NULL */

#endif /* PGT_STORE_H */
