/*
 * lineage.h
 *		The ledger: one row per token response, insert-only.
 */
#ifndef PGT_LINEAGE_H
#define PGT_LINEAGE_H

#include "compat.h"

#include "grant.h"

typedef struct LineageRow
{
	const pg_uuid_t *grant_id;
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
} LineageRow;

extern void lineage_insert(const LineageRow *row);

/* the hash of a generation's secret; false when the ledger does not hold it (any more) */
extern bool lineage_hash(const pg_uuid_t *grant_id, int generation, uint8_t out[PGTC_SHA256_LEN]);

/* when an access token ends; false when the ledger does not hold it */
extern bool lineage_expiry(const pg_uuid_t *grant_id, const char *jti, TimestampTz *expires_at);

/* access tokens of the family that have not expired */
extern int lineage_count_live(const pg_uuid_t *grant_id, TimestampTz now);

#endif /* PGT_LINEAGE_H */
