/*
 * grant.c
 *		Families: the row and what may happen to it.
 */
#include "tables/grant.h"

#include "catalog/pg_type.h"

#include "base/moment.h"
#include "base/shard.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/refresh_token.h"

/* all columns, in the table's order: then the executor hands on the row as it is, and builds no other */
static void
read_grant(StoreRow *row, void *arg)
{
	Grant *grant = arg;

	store_uuid(store_column(row, "grant_id"), &grant->grant_id);
	grant->client_id = store_text(store_column(row, "client_id"));
	grant->auth.subject = store_text(store_column(row, "subject"));
	grant->status_series = store_long(store_column(row, "status_series"), 0);
	grant->status_position = store_int(store_column(row, "status_position"), 0);
	grant->scope = store_text(store_column(row, "scope"));
	grant->resources = store_texts(store_column(row, "resources"), &grant->n_resources);
	authentication_read(row, &grant->auth);
	grant->auth.mfa_time = store_time(store_column(row, "mfa_time"), DT_NOBEGIN);
	grant->auth.first_auth_time = store_time(store_column(row, "first_auth_time"), DT_NOBEGIN);
	grant->nonce = store_text(store_column(row, "nonce"));
	grant->auth.claims = store_jsonb(store_column(row, "claims"));
	grant->begun.at = store_time(store_column(row, "created_at"), DT_NOBEGIN);
	grant->expires_at = store_time(store_column(row, "expires_at"), DT_NOBEGIN);
	grant->idle_lifetime = store_seconds(store_column(row, "idle_lifetime"), 0);
	grant->generation = store_int(store_column(row, "generation"), -1);
	store_bytes(store_column(row, "current_hash"), grant->current_hash,
				sizeof(grant->current_hash));
	grant->has_previous = store_bytes(store_column(row, "previous_hash"), grant->previous_hash,
									  sizeof(grant->previous_hash));
	store_bytes(store_column(row, "rotation_nonce"), grant->rotation_nonce,
				sizeof(grant->rotation_nonce));
	grant->rotated_at = store_time(store_column(row, "rotated_at"), DT_NOBEGIN);
	grant->retry_count = store_int(store_column(row, "retry_count"), 0);
	grant->has_lockstep =
		store_bytes(store_column(row, "lockstep"), grant->lockstep, sizeof(grant->lockstep));
	grant->blacklisted_generation = store_int(store_column(row, "blacklisted_generation"), -1);
	grant->context = store_jsonb(store_column(row, "context"));
	grant->first_context = store_jsonb(store_column(row, "first_context"));
	grant->grant_type = store_text(store_column(row, "grant_type"));
	grant->not_before = store_time(store_column(row, "not_before"), DT_NOBEGIN);
	grant->cnf.jkt = store_text(store_column(row, "jkt"));
	grant->cnf.x5t_s256 = store_text(store_column(row, "x5t_s256"));
	grant->act = store_jsonb(store_column(row, "act"));
	(void) store_given(store_column(row, "ancestors")); /* ancestors */
	(void) store_given(store_column(row, "ancestor_tokens")); /* ancestor_tokens */
	grant->revoked = store_given(store_column(row, "revoked_at"));
	grant->revoke_reason = store_text(store_column(row, "revoke_reason"));
	store_begun(row, &grant->begun);
	grant->auth.details = store_jsonb(store_column(row, "authorization_details"));
	grant->claims_request = store_jsonb(store_column(row, "claims_request"));
	grant->changed_at = store_time(store_column(row, "changed_at"), DT_NOBEGIN);
	grant->found = row->found;
}

/*
 * What a clone has of its original, until it is forgotten, is not its own: a family that
 * went on in both would fork, and an end in one would not reach the other.
 */
static Grant *
read_by_id(StoreQuery *query, const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};
	Grant *grant;

	store_arg_uuid(&args, grant_id);
	grant = store_find(query, &args);
	if (grant)
		shard_require_id(grant_id, "the family");
	return grant;
}

static StoreQuery grant_read_query =
	STORE_HOT_READ("grant read", read_grant, Grant, "grants", "grant_id",
				   "SELECT {columns} FROM pgtoken.grants g WHERE g.grant_id" EQ "$1");

Grant *
grant_read(const pg_uuid_t *grant_id)
{
	return read_by_id(&grant_read_query, grant_id);
}

static StoreQuery grant_read_latest_query =
	STORE_ROW_QUERY("grant read latest", STORE_READS_LATEST, read_grant, Grant,
					"SELECT {columns} FROM pgtoken.grants g WHERE g.grant_id" EQ "$1");

Grant *
grant_read_latest(const pg_uuid_t *grant_id)
{
	return read_by_id(&grant_read_latest_query, grant_id);
}

static StoreQuery grant_lock_query =
	STORE_QUERY("grant lock", STORE_READS,
				"SELECT 0 FROM pgtoken.grants g WHERE g.grant_id" EQ "$1 FOR NO KEY UPDATE");

void
grant_lock(const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_run(&grant_lock_query, &args, NULL, NULL);
}

static StoreQuery grant_insert_query =
	STORE_HOT_WRITE("grant insert", ROW_INSERT, "grants", NULL,
					"INSERT INTO pgtoken.grants ({names}) VALUES ({values})");

void
grant_insert(const Grant *grant)
{
	StoreArgs args = {0};
	bool refreshable = grant->generation >= 0;

	store_arg_uuid(store_named(&args, "grant_id"), &grant->grant_id);
	store_arg_text(store_named(&args, "client_id"), grant->client_id);
	store_arg_text(store_named(&args, "scope"), grant->scope);
	store_arg_texts(store_named(&args, "resources"), grant->resources, grant->n_resources);
	authentication_args(&args, &grant->auth);
	store_arg_time(store_named(&args, "mfa_time"), grant->auth.mfa_time);
	store_arg_text(store_named(&args, "nonce"), grant->nonce);
	store_arg_time(store_named(&args, "created_at"), grant->begun.at);
	store_arg_time(store_named(&args, "expires_at"), grant->expires_at);
	store_arg_seconds(store_named(&args, "idle_lifetime"), refreshable ? grant->idle_lifetime : -1);
	store_arg_generation(store_named(&args, "generation"), grant->generation);
	store_arg_bytes(store_named(&args, "current_hash"), refreshable ? grant->current_hash : NULL,
					sizeof(grant->current_hash));
	store_arg_time(store_named(&args, "rotated_at"), grant->rotated_at);
	store_arg_int(store_named(&args, "retry_count"), 0);
	store_arg_int(store_named(&args, "blacklisted_generation"), -1);
	store_arg_jsonb(store_named(&args, "context"), grant->context);
	store_arg_jsonb(store_named(&args, "first_context"), grant->first_context);
	store_arg_text(store_named(&args, "grant_type"), grant->grant_type);
	store_arg_text(store_named(&args, "jkt"), grant->cnf.jkt);
	store_arg_text(store_named(&args, "x5t_s256"), grant->cnf.x5t_s256);
	store_arg_jsonb(store_named(&args, "act"), grant->act);
	store_arg_uuids(store_named(&args, "ancestors"), grant->ancestors, grant->n_ancestors);
	store_arg_texts(store_named(&args, "ancestor_tokens"), grant->ancestor_tokens,
					grant->n_ancestors > 0 ? grant->n_ancestors : -1);
	store_arg_begun(&args, &grant->begun);
	store_arg_jsonb(store_named(&args, "claims_request"), grant->claims_request);
	store_arg_value(store_named(&args, "status_series"), INT8OID,
					Int64GetDatum(grant->status_series), grant->status_series == 0);
	store_arg_value(store_named(&args, "status_position"), INT4OID,
					Int32GetDatum(grant->status_position), grant->status_series == 0);
	store_run(&grant_insert_query, &args, NULL, NULL);
}

static void
place_args(StoreArgs *args, const Grant *grant)
{
	store_arg_value(args, INT8OID, Int64GetDatum(grant->status_series), grant->status_series == 0);
	store_arg_value(args, INT4OID, Int32GetDatum(grant->status_position),
					grant->status_series == 0);
}

static StoreQuery grant_place_query =
	STORE_QUERY("grant place", STORE_WRITES,
				"UPDATE pgtoken.grants g SET status_series = $2, status_position = $3 "
				"WHERE g.grant_id" EQ "$1");

/* a family that goes on, and has left a list: with its new place */
static bool
gone_on(const Grant *grant, bool changed)
{
	StoreArgs args = {0};

	if (!changed || !grant->status_moved)
		return changed;
	store_arg_uuid(&args, &grant->grant_id);
	place_args(&args, grant);
	store_run(&grant_place_query, &args, NULL, NULL);
	return true;
}

static StoreQuery grant_rotate_query = STORE_HOT_WRITE(
	"grant rotate", ROW_UPDATE, "grants", NULL,
	"UPDATE pgtoken.grants g SET {sets} WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
	"AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
	"AND g.changed_at IS NOT DISTINCT FROM $3");

bool
grant_rotate(const Grant *grant, const uint8_t hash[PGTC_SHA256_LEN],
			 const uint8_t nonce[PGTC_ROTATION_NONCE_LEN], TimestampTz now, Jsonb *context)
{
	StoreArgs args = {0};
	bool can_rotate = grant->blacklisted_generation < grant->generation && !grant->revoked;

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_time(&args, grant->changed_at);
	store_arg_int(store_named(&args, "generation"), grant->generation + 1);
	store_arg_bytes(store_named(&args, "previous_hash"), grant->current_hash, PGTC_SHA256_LEN);
	store_arg_bytes(store_named(&args, "current_hash"), hash, PGTC_SHA256_LEN);
	store_arg_bytes(store_named(&args, "rotation_nonce"), nonce, PGTC_ROTATION_NONCE_LEN);
	store_arg_time(store_named(&args, "rotated_at"), now);
	store_arg_int(store_named(&args, "retry_count"), 0);
	store_arg_jsonb(store_named(&args, "context"), context);
	return gone_on(grant,
				   (can_rotate && store_update_found(&grant_rotate_query, &args, grant->found)) ||
					   store_run(&grant_rotate_query, &args, NULL, NULL) == 1);
}

static StoreQuery grant_retry_query =
	STORE_QUERY("grant retry", STORE_WRITES,
				"UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1, "
				"lockstep = coalesce($4, g.lockstep) "
				"WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
				"AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
				"AND ($3 OPERATOR(pg_catalog.<) 0 OR g.retry_count OPERATOR(pg_catalog.<) $3) "
				"AND g.changed_at IS NOT DISTINCT FROM $5 "
				"RETURNING g.retry_count");

bool
grant_retry(const Grant *grant, int limit, const uint8_t *lockstep, int *retry)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_int(&args, limit);
	store_arg_bytes(&args, lockstep, PGTC_LOCKSTEP_LEN);
	store_arg_time(&args, grant->changed_at);
	return gone_on(grant, store_run(&grant_retry_query, &args, store_read_int, retry) == 1);
}

static StoreQuery grant_renew_query =
	STORE_QUERY("grant renew", STORE_WRITES,
				"UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1, "
				"previous_hash = NULL, rotated_at = $3, context = $4 WHERE g.grant_id" EQ
				"$1 AND g.generation" EQ "$2 "
				"AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
				"AND g.changed_at IS NOT DISTINCT FROM $5 "
				"RETURNING g.retry_count");

bool
grant_renew(const Grant *grant, TimestampTz now, Jsonb *context, int *retry)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_time(&args, now);
	store_arg_jsonb(&args, context);
	store_arg_time(&args, grant->changed_at);
	return gone_on(grant, store_run(&grant_renew_query, &args, store_read_int, retry) == 1);
}

static StoreQuery grant_step_up_query =
	STORE_QUERY("grant step up", STORE_WRITES,
				"UPDATE pgtoken.grants g SET acr = $2, amr = $3, auth_time = $4, mfa_time = $5, "
				"first_auth_time = coalesce(g.first_auth_time, g.auth_time) "
				"WHERE g.grant_id" EQ "$1 AND g.revoked_at IS NULL");

void
grant_step_up(const Grant *grant)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_text(&args, grant->auth.acr);
	store_arg_texts(&args, grant->auth.amr, grant->auth.n_amr);
	store_arg_time(&args, grant->auth.auth_time);
	store_arg_time(&args, grant->auth.mfa_time);
	store_run(&grant_step_up_query, &args, NULL, NULL);
}

static StoreQuery grant_change_query = STORE_QUERY(
	"grant change", STORE_WRITES,
	"UPDATE pgtoken.grants g SET scope = $2, claims = $3, blacklisted_generation = $4, "
	"changed_at = $5, status_series = $6, status_position = $7 WHERE g.grant_id" EQ "$1");

void
grant_change(const Grant *grant)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_text(&args, grant->scope);
	store_arg_jsonb(&args, grant->auth.claims);
	store_arg_int(&args, grant->blacklisted_generation);
	store_arg_time(&args, grant->changed_at);
	place_args(&args, grant);
	store_run(&grant_change_query, &args, NULL, NULL);
}

static void
read_revoked(StoreRow *row, void *arg)
{
	RevokedGrant *revoked = arg;

	revoked->client_id = store_text(row);
	revoked->subject = store_text(row);
	revoked->generation = store_int(row, -1);
}

static StoreQuery grant_revoke_query =
	STORE_HOT_WRITE("grant revoke", ROW_UPDATE, "grants", NULL,
					"UPDATE pgtoken.grants g SET {sets} "
					"WHERE g.grant_id" EQ "$1 AND g.revoked_at IS NULL "
					"RETURNING g.client_id, g.subject, g.generation");

bool
grant_revoke(const pg_uuid_t *grant_id, TimestampTz now, const char *reason, RevokedGrant *revoked)
{
	StoreArgs args = {0};
	const Grant *grant = grant_read(grant_id);

	store_arg_uuid(&args, grant_id);
	store_arg_time(store_named(&args, "revoked_at"), now);
	store_arg_text(store_named(&args, "revoke_reason"), reason);
	if (grant && !grant->revoked && store_update_found(&grant_revoke_query, &args, grant->found))
	{
		revoked->client_id = grant->client_id;
		revoked->subject = grant->auth.subject;
		revoked->generation = grant->generation;
		return true;
	}
	return store_run(&grant_revoke_query, &args, read_revoked, revoked) == 1;
}

static StoreQuery grant_blacklist_query =
	STORE_QUERY("grant blacklist", STORE_WRITES,
				"UPDATE pgtoken.grants g SET blacklisted_generation = $2 WHERE g.grant_id" EQ "$1 "
				"AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
				"RETURNING g.expires_at");

bool
grant_blacklist(const pg_uuid_t *grant_id, int generation, TimestampTz *expires_at)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_int(&args, generation);
	return store_run(&grant_blacklist_query, &args, store_read_time, expires_at) == 1;
}

TimestampTz
grant_refresh_end(const Grant *grant, TimestampTz from)
{
	return Min(grant->expires_at, moment_plus(from, grant->idle_lifetime));
}
