/*
 * grant.c
 *		Families: the row and what may happen to it.
 */
#include "tables/grant.h"

#include "base/moment.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/refresh_token.h"

static void
read_grant(StoreRow *row, void *arg)
{
	Grant *grant = arg;

	store_uuid(row, &grant->grant_id);
	grant->client_id = store_text(row);
	grant->subject = store_text(row);
	grant->scope = store_text(row);
	grant->resources = store_texts(row, &grant->n_resources);
	grant->session_id = store_text(row);
	grant->auth_time = store_time(row, DT_NOBEGIN);
	grant->acr = store_text(row);
	grant->amr = store_texts(row, &grant->n_amr);
	grant->mfa_time = store_time(row, DT_NOBEGIN);
	grant->first_auth_time = store_time(row, DT_NOBEGIN);
	grant->nonce = store_text(row);
	grant->claims = store_jsonb(row);
	grant->begun.at = store_time(row, DT_NOBEGIN);
	grant->expires_at = store_time(row, DT_NOBEGIN);
	grant->idle_lifetime = store_seconds(row, 0);
	grant->generation = store_int(row, -1);
	store_bytes(row, grant->current_hash, sizeof(grant->current_hash));
	grant->has_previous = store_bytes(row, grant->previous_hash, sizeof(grant->previous_hash));
	store_bytes(row, grant->rotation_nonce, sizeof(grant->rotation_nonce));
	grant->rotated_at = store_time(row, DT_NOBEGIN);
	grant->retry_count = store_int(row, 0);
	grant->has_lockstep = store_bytes(row, grant->lockstep, sizeof(grant->lockstep));
	grant->blacklisted_generation = store_int(row, -1);
	grant->context = store_jsonb(row);
	grant->first_context = store_jsonb(row);
	grant->grant_type = store_text(row);
	grant->not_before = store_time(row, DT_NOBEGIN);
	grant->cnf.jkt = store_text(row);
	grant->cnf.x5t_s256 = store_text(row);
	grant->act = store_jsonb(row);
	(void) store_given(row); /* ancestors */
	(void) store_given(row); /* ancestor_tokens */
	grant->revoked = store_given(row);
	grant->revoke_reason = store_text(row);
	store_begun(row, &grant->begun);
}

static Grant *
read_by_id(StoreQuery query, const pg_uuid_t *grant_id)
{
	Grant *grant = palloc0(sizeof(Grant));
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	if (store_run(query, &args, read_grant, grant) == 0)
		return NULL;
	return grant;
}

Grant *
grant_read(const pg_uuid_t *grant_id)
{
	return read_by_id(STORE_GRANT_READ, grant_id);
}

Grant *
grant_read_latest(const pg_uuid_t *grant_id)
{
	return read_by_id(STORE_GRANT_READ_LATEST, grant_id);
}

void
grant_lock(const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_run(STORE_GRANT_LOCK, &args, NULL, NULL);
}

static void
add_time(StoreArgs *args, TimestampTz time)
{
	if (TIMESTAMP_IS_NOBEGIN(time))
		store_arg_null(args);
	else
		store_arg_time(args, time);
}

void
grant_insert(const Grant *grant)
{
	StoreArgs args = {0};
	bool refreshable = grant->generation >= 0;

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_text(&args, grant->client_id);
	store_arg_text(&args, grant->subject);
	store_arg_text(&args, grant->scope);
	store_arg_texts(&args, grant->resources, grant->n_resources);
	store_arg_text(&args, grant->session_id);
	add_time(&args, grant->auth_time);
	store_arg_text(&args, grant->acr);
	store_arg_texts(&args, grant->amr, grant->n_amr);
	store_arg_text(&args, grant->nonce);
	store_arg_jsonb(&args, grant->claims);
	store_arg_time(&args, grant->begun.at);
	store_arg_time(&args, grant->expires_at);
	if (refreshable)
		store_arg_int(&args, grant->idle_lifetime);
	else
		store_arg_null(&args);
	store_arg_bytes(&args, refreshable ? grant->current_hash : NULL, sizeof(grant->current_hash));
	store_arg_time(&args, grant->rotated_at);
	store_arg_jsonb(&args, grant->context);
	store_arg_text(&args, grant->grant_type);
	store_arg_text(&args, grant->cnf.jkt);
	store_arg_text(&args, grant->cnf.x5t_s256);
	store_arg_jsonb(&args, grant->act);
	store_arg_uuids(&args, grant->ancestors, grant->n_ancestors);
	store_arg_texts(&args, grant->ancestor_tokens,
					grant->n_ancestors > 0 ? grant->n_ancestors : -1);
	add_time(&args, grant->mfa_time);
	store_arg_begun(&args, &grant->begun);
	store_run(STORE_GRANT_INSERT, &args, NULL, NULL);
}

bool
grant_rotate(const Grant *grant, const uint8_t hash[PGTC_SHA256_LEN],
			 const uint8_t nonce[PGTC_ROTATION_NONCE_LEN], TimestampTz now, Jsonb *context)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_bytes(&args, hash, PGTC_SHA256_LEN);
	store_arg_bytes(&args, nonce, PGTC_ROTATION_NONCE_LEN);
	store_arg_time(&args, now);
	store_arg_jsonb(&args, context);
	return store_run(STORE_GRANT_ROTATE, &args, NULL, NULL) == 1;
}

static void
read_int(StoreRow *row, void *arg)
{
	*(int *) arg = store_int(row, 0);
}

bool
grant_retry(const Grant *grant, int limit, const uint8_t *lockstep, int *retry)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_int(&args, limit);
	store_arg_bytes(&args, lockstep, PGTC_LOCKSTEP_LEN);
	return store_run(STORE_GRANT_RETRY, &args, read_int, retry) == 1;
}

bool
grant_renew(const Grant *grant, TimestampTz now, Jsonb *context, int *retry)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_int(&args, grant->generation);
	store_arg_time(&args, now);
	store_arg_jsonb(&args, context);
	return store_run(STORE_GRANT_RENEW, &args, read_int, retry) == 1;
}

void
grant_step_up(const Grant *grant)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_text(&args, grant->acr);
	store_arg_texts(&args, grant->amr, grant->n_amr);
	add_time(&args, grant->auth_time);
	add_time(&args, grant->mfa_time);
	store_run(STORE_GRANT_STEP_UP, &args, NULL, NULL);
}

static void
read_revoked(StoreRow *row, void *arg)
{
	RevokedGrant *revoked = arg;

	revoked->client_id = store_text(row);
	revoked->subject = store_text(row);
	revoked->generation = store_int(row, -1);
}

bool
grant_revoke(const pg_uuid_t *grant_id, TimestampTz now, const char *reason, RevokedGrant *revoked)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_time(&args, now);
	store_arg_text(&args, reason);
	return store_run(STORE_GRANT_REVOKE, &args, read_revoked, revoked) == 1;
}

static void
read_time(StoreRow *row, void *arg)
{
	*(TimestampTz *) arg = store_time(row, DT_NOEND);
}

bool
grant_blacklist(const pg_uuid_t *grant_id, int generation, TimestampTz *expires_at)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_int(&args, generation);
	return store_run(STORE_GRANT_BLACKLIST, &args, read_time, expires_at) == 1;
}

TimestampTz
grant_refresh_end(const Grant *grant, TimestampTz from)
{
	return Min(grant->expires_at, moment_plus(from, grant->idle_lifetime));
}
