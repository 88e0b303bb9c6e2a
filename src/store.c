/*
 * store.c
 *		The only door to the tables: SPI, its queries, its plans.
 *
 * Tables are written through SQL so that triggers fire and a distributed engine
 * can route; a statement touches one family by grant_id.  Plans are generic and
 * live as long as the backend.  Error texts name the query, never a value.
 */
#include "store.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "glue.h"
#include "guc.h"

/* parameter types, one letter each */
static Oid
type_of_letter(char letter)
{
	switch (letter)
	{
		case 't':
			return TEXTOID;
		case 'T':
			return TEXTARRAYOID;
		case 'u':
			return UUIDOID;
		case 'U':
			return UUIDARRAYOID;
		case 'b':
			return BYTEAOID;
		case 'i':
			return INT4OID;
		case 'o':
			return BOOLOID;
		case 'z':
			return TIMESTAMPTZOID;
		case 'j':
			return JSONBOID;
		case 'n':
			return NAMEOID;
	}
	elog(ERROR, "unknown parameter type \"%c\"", letter);
}

typedef struct QueryDef
{
	const char *name;
	const char *types; /* letters as above */
	int expect;
	bool latest; /* reads with the latest snapshot, whatever the isolation level; writes nothing */
	const char *sql;
} QueryDef;

#define EQ " OPERATOR(pg_catalog.=) "
#define DEVICE_COLUMNS                                                                          \
	"d.grant_id, d.device_hash, d.client_id, d.scope, d.resources, d.jkt, d.state, d.subject, " \
	"d.session_id, d.auth_time, d.acr, d.amr, d.claims, d.context, d.expires_at"
#define GRANT_COLUMNS                                                                              \
	"g.grant_id, g.client_id, g.subject, g.scope, g.resources, g.session_id, g.auth_time, g.acr, " \
	"g.amr, g.claims, g.created_at, g.expires_at, "                                                \
	"g.idle_lifetime, g.generation, g.current_hash, "                                              \
	"g.previous_hash, g.rotation_nonce, g.rotated_at, g.retry_count, g.blacklisted_generation, "   \
	"g.context, g.jkt, g.x5t_s256, g.act, g.revoked_at IS NOT NULL, g.revoke_reason"

static const QueryDef queries[STORE_QUERIES] = {
	[STORE_AUDIT_INSERT] =
		{"audit insert", "uuzttttnntjj", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.audit_events (grant_id, event_id, occurred_at, event, reason, "
		 "client_id, subject, session_user_name, role_name, application_name, context, detail, "
		 "client_addr) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, pg_catalog.inet_client_addr())"},
	[STORE_BLACKLIST_INSERT] =
		{"blacklist insert", "utttzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.blacklist AS b (grant_id, token_id, token_type, reason, expires_at, "
		 "created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (grant_id, token_id) "
		 "DO UPDATE SET expires_at = EXCLUDED.expires_at, reason = coalesce(EXCLUDED.reason, b.reason) "
		 "WHERE b.expires_at OPERATOR(pg_catalog.<) EXCLUDED.expires_at"},
	[STORE_CLIENT_READ] =
		{"client read", "t", SPI_OK_SELECT, true,
		 "SELECT c.issuer, c.client_type" EQ "'confidential', c.enabled, "
		 "pg_catalog.array_to_string(c.scopes, ' '), c.resources, c.offline_access, c.signing_alg, "
		 "c.access_token_lifetime, "
		 "c.refresh_absolute_lifetime, "
		 "c.refresh_idle_lifetime, "
		 "c.retry_window, c.retry_limit, "
		 "c.rotation" EQ "'always', c.client_name, c.redirect_uris, c.metadata "
		 "FROM pgtoken.clients c WHERE c.client_id" EQ "$1"},
	[STORE_CLIENT_SECRETS_READ] =
		{"client secrets read", "t", SPI_OK_SELECT, true,
		 "SELECT s.secret_id, s.secret_hash, s.expires_at FROM pgtoken.client_secrets s "
		 "WHERE s.client_id" EQ "$1 AND s.revoked_at IS NULL"},
	[STORE_CODE_INSERT] =
		{"code insert", "ubttttttTtztTtjjzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, redirect_uri, "
		 "code_challenge, dpop_jkt, subject, scope, resources, session_id, auth_time, acr, amr, nonce, "
		 "claims, context, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
		 "$12, $13, $14, $15, $16, $17, $18)"},
	[STORE_CODE_READ] =
		{"code read", "u", SPI_OK_SELECT, false,
		 "SELECT c.grant_id, c.code_hash, c.client_id, c.redirect_uri, c.code_challenge, c.dpop_jkt, "
		 "c.subject, c.scope, c.resources, c.session_id, c.auth_time, c.acr, c.amr, c.nonce, c.claims, "
		 "c.context, c.expires_at, c.redeemed_at IS NOT NULL "
		 "FROM pgtoken.authorization_codes c WHERE c.grant_id" EQ "$1"},
	[STORE_CODE_REDEEM] = {"code redeem", "uz", SPI_OK_UPDATE, false,
						   "UPDATE pgtoken.authorization_codes c SET redeemed_at = $2 "
						   "WHERE c.grant_id" EQ "$1 AND c.redeemed_at IS NULL"},
	[STORE_CONSENT_READ] = {"consent read", "tt", SPI_OK_SELECT, false,
							"SELECT c.resource, c.scopes FROM pgtoken.consents c "
							"WHERE c.subject" EQ "$1 AND c.client_id" EQ "$2 FOR SHARE"},
	[STORE_CONSENT_STORE] =
		{"consent store", "tttTz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.consents AS c (subject, client_id, resource, scopes, granted_at, "
		 "updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (subject, client_id, resource) "
		 "DO UPDATE SET scopes = ARRAY(SELECT DISTINCT u FROM pg_catalog.unnest("
		 "c.scopes OPERATOR(pg_catalog.||) EXCLUDED.scopes) u ORDER BY u), "
		 "updated_at = EXCLUDED.updated_at"},
	[STORE_DEVICE_APPROVE] =
		{"device approve", "uztttztTj", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.device_codes d SET state = 'approved', subject = $3, scope = $4, "
		 "session_id = $5, auth_time = $6, acr = $7, amr = $8, claims = $9 "
		 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
		 "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_DENY] = {"device deny", "uz", SPI_OK_UPDATE, false,
						   "UPDATE pgtoken.device_codes d SET state = 'denied' "
						   "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' "
						   "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_FIND] = {"device find", "bz", SPI_OK_SELECT, false,
						   "SELECT " DEVICE_COLUMNS " FROM pgtoken.device_codes d "
						   "WHERE d.user_code_hash" EQ "$1 AND d.state" EQ "'pending' "
						   "AND d.expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_DEVICE_INSERT] =
		{"device insert", "ubbttTtijzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.device_codes (grant_id, device_hash, user_code_hash, client_id, scope, "
		 "resources, jkt, state, poll_interval, context, created_at, expires_at) "
		 "SELECT $1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11 WHERE NOT EXISTS (SELECT "
		 "FROM pgtoken.device_codes d WHERE d.user_code_hash" EQ "$3 AND d.state" EQ "'pending' "
		 "AND d.expires_at OPERATOR(pg_catalog.>) $10)"},
	[STORE_DEVICE_POLL] =
		{"device poll", "uz", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.device_codes d SET polled_at = $2 "
		 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending' AND (d.polled_at IS NULL "
		 "OR d.polled_at OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => d.poll_interval) "
		 "OPERATOR(pg_catalog.<=) $2)"},
	[STORE_DEVICE_READ] = {"device read", "u", SPI_OK_SELECT, false,
						   "SELECT " DEVICE_COLUMNS
						   " FROM pgtoken.device_codes d WHERE d.grant_id" EQ "$1"},
	[STORE_DEVICE_REDEEM] = {"device redeem", "u", SPI_OK_UPDATE, false,
							 "UPDATE pgtoken.device_codes d SET state = 'redeemed' "
							 "WHERE d.grant_id" EQ "$1 AND d.state" EQ "'approved'"},
	[STORE_DEVICE_SLOW_DOWN] = {"device slow down", "uzi", SPI_OK_UPDATE, false,
								"UPDATE pgtoken.device_codes d SET polled_at = $2, "
								"poll_interval = d.poll_interval OPERATOR(pg_catalog.+) $3 "
								"WHERE d.grant_id" EQ "$1 AND d.state" EQ "'pending'"},
	[STORE_GRANT_ANCESTORS] =
		{"grant ancestors", "u", SPI_OK_SELECT, false,
		 "SELECT u.ancestor, u.token FROM pgtoken.grants g, "
		 "ROWS FROM (pg_catalog.unnest(g.ancestors), "
		 "pg_catalog.unnest(g.ancestor_tokens)) WITH ORDINALITY u (ancestor, token, n) "
		 "WHERE g.grant_id" EQ "$1 ORDER BY u.n"},
	[STORE_GRANT_BLACKLIST] =
		{"grant blacklist", "ui", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET blacklisted_generation = $2 WHERE g.grant_id" EQ "$1 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "RETURNING g.expires_at"},
	[STORE_GRANT_INSERT] =
		{"grant insert", "utttTtztTtjzzibzjtttjUT", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.grants (grant_id, client_id, subject, scope, resources, session_id, "
		 "auth_time, acr, amr, nonce, claims, created_at, expires_at, idle_lifetime, generation, "
		 "current_hash, rotated_at, retry_count, blacklisted_generation, context, grant_type, jkt, "
		 "x5t_s256, act, ancestors, ancestor_tokens) "
		 "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
		 "pg_catalog.make_interval(secs => $14), CASE WHEN $15 IS NOT NULL THEN 0 END, $15, $16, 0, "
		 "-1, $17, $18, $19, $20, $21, $22, $23)"},
	[STORE_GRANT_READ] = {"grant read", "u", SPI_OK_SELECT, false,
						  "SELECT " GRANT_COLUMNS " FROM pgtoken.grants g WHERE g.grant_id" EQ
						  "$1"},
	[STORE_GRANT_READ_LATEST] = {"grant read latest", "u", SPI_OK_SELECT, true,
								 "SELECT " GRANT_COLUMNS
								 " FROM pgtoken.grants g WHERE g.grant_id" EQ "$1"},
	[STORE_GRANT_RENEW] =
		{"grant renew", "uizj", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1, "
		 "previous_hash = NULL, rotated_at = $3, context = $4 WHERE g.grant_id" EQ
		 "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "RETURNING g.retry_count"},
	[STORE_GRANT_RETRY] =
		{"grant retry", "uii", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET retry_count = g.retry_count OPERATOR(pg_catalog.+) 1 "
		 "WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "AND ($3 OPERATOR(pg_catalog.<) 0 OR g.retry_count OPERATOR(pg_catalog.<) $3) "
		 "RETURNING g.retry_count"},
	[STORE_GRANT_REVOKE] = {"grant revoke", "uzt", SPI_OK_UPDATE_RETURNING, false,
							"UPDATE pgtoken.grants g SET revoked_at = $2, revoke_reason = $3 "
							"WHERE g.grant_id" EQ "$1 AND g.revoked_at IS NULL "
							"RETURNING g.client_id, g.subject, g.generation"},
	[STORE_GRANT_ROTATE] =
		{"grant rotate", "uibbzj", SPI_OK_UPDATE_RETURNING, false,
		 "UPDATE pgtoken.grants g SET generation = $2 OPERATOR(pg_catalog.+) 1, "
		 "previous_hash = g.current_hash, current_hash = $3, rotation_nonce = $4, rotated_at = $5, "
		 "retry_count = 0, context = $6 WHERE g.grant_id" EQ "$1 AND g.generation" EQ "$2 "
		 "AND g.blacklisted_generation OPERATOR(pg_catalog.<) $2 AND g.revoked_at IS NULL "
		 "RETURNING 0"},
	[STORE_ISSUER_LOCK] = {"issuer lock", "t", SPI_OK_SELECT, false,
						   "SELECT 0 FROM pgtoken.issuers i WHERE i.issuer" EQ
						   "$1 FOR NO KEY UPDATE"},
	[STORE_ISSUERS_READ] =
		{"issuers read", "", SPI_OK_SELECT, true,
		 "SELECT i.issuer, i.is_default, i.default_alg, i.login_uri, i.logout_uri, "
		 "i.verification_uri, i.claims_function, i.password_verifier, "
		 "i.dpop_nonce_required FROM pgtoken.issuers i"},
	[STORE_KEY_INSERT] =
		{"signing key insert", "ttttj", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.signing_keys (kid, issuer, alg, state, public_jwk, activated_at) "
		 "VALUES ($1, $2, $3, $4, $5, CASE WHEN $4" EQ "'active' THEN pg_catalog.now() END)"},
	[STORE_KEYS_READ] =
		{"signing keys read", "", SPI_OK_SELECT, true,
		 "SELECT k.kid, k.issuer, k.alg, k.state, k.public_jwk FROM pgtoken.signing_keys k "
		 "WHERE k.state OPERATOR(pg_catalog.<>) 'retired'"},
	[STORE_LINEAGE_COUNT_LIVE] =
		{"lineage count", "uz", SPI_OK_SELECT, false,
		 "SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pgtoken.tokens t "
		 "WHERE t.grant_id" EQ "$1 AND t.access_expires_at OPERATOR(pg_catalog.>) $2"},
	[STORE_LINEAGE_HASH] = {"lineage hash", "ui", SPI_OK_SELECT, true,
							"SELECT t.token_hash FROM pgtoken.tokens t WHERE t.grant_id" EQ "$1 "
							"AND t.generation" EQ "$2 AND t.retry" EQ "0 LIMIT 1"},
	[STORE_LINEAGE_EXPIRY] = {"lineage expiry", "ut", SPI_OK_SELECT, false,
							  "SELECT t.access_expires_at FROM pgtoken.tokens t WHERE t.grant_id" EQ
							  "$1 "
							  "AND t.jti" EQ "$2"},
	[STORE_LINEAGE_INSERT] =
		{"lineage insert", "uiizibttzztTtj", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.tokens (grant_id, generation, retry, issued_at, parent_generation, "
		 "token_hash, jti, kid, access_expires_at, refresh_expires_at, scope, resources, decision, "
		 "context) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"},
	[STORE_MATERIAL_INSERT] =
		{"key material insert", "tbo", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.key_material (material_id, material, wrapped) VALUES ($1, $2, $3)"},
	[STORE_MATERIAL_LIST] =
		{"key material list", "", SPI_OK_SELECT, true,
		 "SELECT m.material_id, m.material, m.wrapped FROM pgtoken.key_material m"},
	[STORE_MATERIAL_READ] =
		{"key material read", "t", SPI_OK_SELECT, true,
		 "SELECT m.material, m.wrapped FROM pgtoken.key_material m WHERE m.material_id" EQ "$1"},
	[STORE_MATERIAL_UPDATE] =
		{"key material update", "tb", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.key_material m SET material = $2, wrapped = true WHERE m.material_id" EQ
		 "$1"},
	[STORE_REPLAY_INSERT] =
		{"replay id insert", "bz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.replay_ids (replay_hash, expires_at) VALUES ($1, $2) "
		 "ON CONFLICT DO NOTHING"},
	[STORE_REQUEST_DELETE] = {"request delete", "u", SPI_OK_DELETE, false,
							  "DELETE FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ
							  "$1"},
	[STORE_REQUEST_INSERT] =
		{"request insert", "utbttjzz", SPI_OK_INSERT, false,
		 "INSERT INTO pgtoken.authorization_requests (grant_id, kind, handle_hash, issuer, client_id, "
		 "parameters, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"},
	[STORE_REQUEST_READ] =
		{"request read", "u", SPI_OK_SELECT, false,
		 "SELECT r.grant_id, r.kind, r.handle_hash, r.issuer, r.client_id, r.parameters, r.created_at, "
		 "r.expires_at FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1"},
	[STORE_RESOURCES_READ] =
		{"resources read", "", SPI_OK_SELECT, true,
		 "SELECT r.issuer, r.resource, pg_catalog.array_to_string(r.scopes, ' '), "
		 "r.access_token_lifetime, r.enabled, r.client_id "
		 "FROM pgtoken.resources r ORDER BY r.issuer, r.resource"},
	[STORE_TOKEN_STATE] =
		{"token state", "utzz", SPI_OK_SELECT, true,
		 "SELECT g.client_id, g.revoked_at IS NULL AND NOT EXISTS (SELECT FROM pgtoken.grants a "
		 "WHERE a.grant_id" EQ
		 "ANY (g.ancestors) AND a.revoked_at IS NOT NULL) AND NOT EXISTS (SELECT FROM "
		 "pgtoken.blacklist b WHERE b.grant_id" EQ "ANY (g.ancestors) AND b.token_id" EQ
		 "ANY (g.ancestor_tokens)) AND NOT EXISTS (SELECT FROM pgtoken.blacklist b "
		 "WHERE b.grant_id" EQ "$1 AND b.token_id" EQ "$2) "
		 "AND EXISTS (SELECT FROM pgtoken.tokens t WHERE t.grant_id" EQ "$1 "
		 "AND t.issued_at OPERATOR(pg_catalog.>=) $3 AND t.issued_at OPERATOR(pg_catalog.<) $4 "
		 "AND t.jti" EQ "$2) "
		 "FROM pgtoken.grants g WHERE g.grant_id" EQ "$1"},
	[STORE_USER_CODE_ATTEMPT] =
		{"user code attempt", "tzzi", SPI_OK_INSERT_RETURNING, false,
		 "INSERT INTO pgtoken.user_code_attempts AS a (attempt_key, attempts, window_start) "
		 "VALUES ($1, 1, $2) ON CONFLICT (attempt_key) DO UPDATE SET "
		 "attempts = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 "
		 "THEN LEAST(a.attempts OPERATOR(pg_catalog.+) 1, $4) ELSE 1 END, "
		 "window_start = CASE WHEN a.window_start OPERATOR(pg_catalog.>) $3 THEN a.window_start "
		 "ELSE $2 END RETURNING a.attempts"},
	[STORE_USER_CODE_FORGIVE] =
		{"user code forgive", "t", SPI_OK_UPDATE, false,
		 "UPDATE pgtoken.user_code_attempts a SET attempts = a.attempts OPERATOR(pg_catalog.-) 1 "
		 "WHERE a.attempt_key" EQ "$1 AND a.attempts OPERATOR(pg_catalog.>) 0"},
};

static SPIPlanPtr plans[STORE_QUERIES];

struct StoreRow
{
	HeapTuple tuple;
	TupleDesc desc;
	int column;
};

static SPIPlanPtr
plan_of(StoreQuery query)
{
	const QueryDef *def = &queries[query];
	Oid types[STORE_ARGS_MAX];
	int n = strlen(def->types);
	SPIPlanPtr plan;

	if (plans[query])
		return plans[query];
	for (int i = 0; i < n; i++)
		types[i] = type_of_letter(def->types[i]);
	plan = SPI_prepare_cursor(def->sql, n, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", def->name, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep the plan of \"%s\"", def->name);
	plans[query] = plan;
	return plan;
}

uint64
store_run(StoreQuery query, const StoreArgs *args, StoreReader reader, void *arg)
{
	const QueryDef *def = &queries[query];
	MemoryContext caller = CurrentMemoryContext;
	SPIPlanPtr plan;
	uint64 rows;
	int code;

	Assert((int) strlen(def->types) == (args ? args->n : 0));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI for \"%s\"", def->name);
	plan = plan_of(query);
	if (def->latest)
		PushActiveSnapshot(GetLatestSnapshot());
	else if (def->expect != SPI_OK_SELECT)
		pgt_cache_mark_dirty(CACHE_REVOCATION); /* the triggers tell of configuration */
	code = SPI_execute_plan(plan, args ? (Datum *) args->value : NULL, args ? args->null : NULL,
							def->latest, 0);
	if (def->latest)
		PopActiveSnapshot();
	if (code != def->expect)
		elog(ERROR, "\"%s\" answered %s", def->name, SPI_result_code_string(code));

	rows = SPI_processed;
	if (reader)
	{
		SPITupleTable *table = SPI_tuptable;

		MemoryContextSwitchTo(caller);
		for (uint64 i = 0; i < rows; i++)
		{
			StoreRow row = {table->vals[i], table->tupdesc, 0};

			reader(&row, arg);
		}
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return rows;
}

void
store_make_durable(void)
{
	if (!pgt_durable_rotation)
		return;
	/* holds even if the caller turns the setting off again before it commits */
	ForceSyncCommit();
	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
		(void) set_config_option("synchronous_commit", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
}

static void
add_arg(StoreArgs *args, Datum value, bool is_null)
{
	Assert(args->n < STORE_ARGS_MAX);
	args->value[args->n] = value;
	args->null[args->n] = is_null ? 'n' : ' ';
	args->n++;
}

void
store_arg_text(StoreArgs *args, const char *value)
{
	add_arg(args, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
store_arg_name(StoreArgs *args, const char *value)
{
	add_arg(args, DirectFunctionCall1(namein, CStringGetDatum(value)), false);
}

void
store_arg_uuid(StoreArgs *args, const pg_uuid_t *value)
{
	add_arg(args, UUIDPGetDatum(value), value == NULL);
}

void
store_arg_bytes(StoreArgs *args, const void *value, size_t len)
{
	bytea *copy = NULL;

	if (value)
	{
		copy = palloc(VARHDRSZ + len);
		SET_VARSIZE(copy, VARHDRSZ + len);
		memcpy(VARDATA(copy), value, len);
	}
	add_arg(args, PointerGetDatum(copy), copy == NULL);
}

void
store_arg_int(StoreArgs *args, int32 value)
{
	add_arg(args, Int32GetDatum(value), false);
}

void
store_arg_bool(StoreArgs *args, bool value)
{
	add_arg(args, BoolGetDatum(value), false);
}

void
store_arg_time(StoreArgs *args, TimestampTz value)
{
	add_arg(args, TimestampTzGetDatum(value), false);
}

void
store_arg_jsonb(StoreArgs *args, Jsonb *value)
{
	add_arg(args, PointerGetDatum(value), value == NULL);
}

void
store_arg_texts(StoreArgs *args, char *const *values, int n)
{
	add_arg(args, n < 0 ? (Datum) 0 : PointerGetDatum(pgt_make_text_array(values, n)), n < 0);
}

void
store_arg_uuids(StoreArgs *args, const pg_uuid_t *values, int n)
{
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = UUIDPGetDatum(&values[i]);
	add_arg(args,
			n == 0 ? (Datum) 0
				   : PointerGetDatum(
						 construct_array(elements, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR)),
			n == 0);
}

void
store_arg_null(StoreArgs *args)
{
	add_arg(args, (Datum) 0, true);
}

static Datum
next_column(StoreRow *row, bool *is_null)
{
	row->column++;
	Assert(row->column <= row->desc->natts);
	return SPI_getbinval(row->tuple, row->desc, row->column, is_null);
}

char *
store_text(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

bytea *
store_bytea(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : DatumGetByteaPCopy(value);
}

bool
store_bytes(StoreRow *row, void *out, size_t len)
{
	bytea *value = store_bytea(row);

	if (value == NULL)
	{
		memset(out, 0, len);
		return false;
	}
	if (VARSIZE_ANY_EXHDR(value) != len)
		elog(ERROR, "stored bytes have the wrong length");
	memcpy(out, VARDATA_ANY(value), len);
	return true;
}

int32
store_int(StoreRow *row, int32 if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : DatumGetInt32(value);
}

int32
store_seconds(StoreRow *row, int32 if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);
	Interval *interval;
	int64 days;

	if (is_null)
		return if_null;
	interval = DatumGetIntervalP(value);
	days = (int64) interval->month * DAYS_PER_MONTH + interval->day;
	return (days * USECS_PER_DAY + interval->time) / USECS_PER_SEC;
}

bool
store_bool(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return !is_null && DatumGetBool(value);
}

TimestampTz
store_time(StoreRow *row, TimestampTz if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : DatumGetTimestampTz(value);
}

Jsonb *
store_jsonb(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : DatumGetJsonbPCopy(value);
}

char **
store_texts(StoreRow *row, int *n)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	if (is_null)
	{
		*n = -1;
		return NULL;
	}
	return pgt_text_array(DatumGetArrayTypeP(value), "array", n);
}

void
store_uuid(StoreRow *row, pg_uuid_t *out)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	if (is_null)
		elog(ERROR, "unexpected NULL");
	memcpy(out, DatumGetUUIDP(value), UUID_LEN);
}
