/*
 * lineage.h
 *		The ledger: one row per token response, insert-only.
 *
 * The row is the audit event of the response as well: the audit scope in force says what
 * it has beyond LineageRow.
 */
#ifndef PGT_LINEAGE_H
#define PGT_LINEAGE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/jti.h"

/* where a jti says that its row is, or behind it: found at once in the primary key's order */
#define LINEAGE_PLACE \
	"t.grant_id" EQ "$1 AND t.generation" EQ "$3 AND t.retry OPERATOR(pg_catalog.>=) $4 "

typedef struct LineageRow
{
	const pg_uuid_t *grant_id;
	const char *client_id;
	const char *subject;
	int generation;
	int retry;
	TimestampTz issued_at;
	int parent_generation; /* -1: first issue */
	const uint8_t *token_hash; /* NULL: no refresh token */
	const char *jti;
	const char *kid;
	TimestampTz access_expires_at;
	TimestampTz refresh_expires_at;
	const char *scope;
	char *const *resources;
	int n_resources;
	const char *decision;
	Jsonb *context;
	const pg_uuid_t *client_secret_id; /* by which the client has proved itself; NULL: by none */
} LineageRow;

extern void lineage_insert(const LineageRow *row);

/* the hash of a generation's secret; false when the ledger does not hold it (any more) */
extern bool lineage_hash(const pg_uuid_t *grant_id, int generation, uint8_t out[PGTC_SHA256_LEN]);

/* the longest life of an access token, which the tables and settings see to, in seconds */
#define ACCESS_TOKEN_LIFE_MAX (24 * 60 * 60)

/* when the access token of a jti (and what it says) ends; false when the ledger does not hold it */
extern bool lineage_expiry(const char *jti, const PgtcJti *place, TimestampTz *expires_at);

/* access tokens of the family that have not expired */
extern int lineage_count_live(const pg_uuid_t *grant_id, TimestampTz now);

#endif /* PGT_LINEAGE_H */
