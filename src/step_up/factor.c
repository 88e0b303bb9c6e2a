/*
 * factor.c
 *		Factors of subjects: the row and what may happen to it.
 */
#include "step_up/factor.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "tables/key_material.h"

#define CODES_PER_WINDOW 20 /* sent, for whatever transactions */
#define CODES_WINDOW (60 * 60) /* seconds */
#define LOCKED_AFTER 10 /* wrong in a row */
#define LOCKED_FOR (15 * 60) /* seconds */
#define DISABLED_AFTER 100 /* NIST SP 800-63B section 5.2.2 */

static const char *const state_names[] = {
	[FACTOR_PENDING] = "pending",
	[FACTOR_ACTIVE] = "active",
	[FACTOR_DISABLED] = "disabled",
};

const char *
factor_state_name(int state)
{
	return state < (int) lengthof(state_names) ? state_names[state] : NULL;
}

bool
factor_locked(const Factor *factor, TimestampTz now)
{
	return factor->locked_until > now;
}

bool
factor_usable(const Factor *factor, const Issuer *issuer, TimestampTz now)
{
	return factor->state == FACTOR_ACTIVE && !factor_locked(factor, now) &&
		   (factor->type != FACTOR_WEBAUTHN || issuer->webauthn_rp_id) &&
		   (factor->type != FACTOR_RECOVERY_CODE || factor->codes_left > 0);
}

#define FACTOR_KEY "f.issuer" EQ "$1 AND f.subject" EQ "$2 AND f.factor_id" EQ "$3"

static void
read_factor(StoreRow *row, void *arg)
{
	Factor *factor = arg;

	factor->issuer = store_text(store_column(row, "issuer"));
	factor->subject = store_text(store_column(row, "subject"));
	store_uuid(store_column(row, "factor_id"), &factor->factor_id);
	factor->type = (FactorType) store_name(store_column(row, "factor_type"), factor_type_name);
	factor->label = store_text(store_column(row, "label"));
	factor->state = (FactorState) store_name(store_column(row, "state"), factor_state_name);
	factor->parameters = store_jsonb(store_column(row, "parameters"));
	factor->secret = store_bytea(store_column(row, "secret"));
	factor->wrapped = store_bool(store_column(row, "wrapped"));
	factor->codes_left = store_int(store_column(row, "pg_catalog.cardinality(code_hashes)"), 0);
	factor->counter = store_long(store_column(row, "counter"), -1);
	factor->failed_attempts = store_int(store_column(row, "failed_attempts"), 0);
	factor->locked_until = store_time(store_column(row, "locked_until"), DT_NOBEGIN);
}

static void
append_factor(StoreRow *row, void *arg)
{
	Factor ***end = arg;
	Factor *factor = palloc0(sizeof(Factor));

	read_factor(row, factor);
	**end = factor;
	*end = &factor->next;
}

static void
add_key(StoreArgs *args, const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	store_arg_text(args, issuer);
	store_arg_text(args, subject);
	store_arg_uuid(args, factor_id);
}

static void
add_key_of(StoreArgs *args, const Factor *factor)
{
	add_key(args, factor->issuer, factor->subject, &factor->factor_id);
}

static StoreQuery factor_read_query =
	STORE_ROW_QUERY("factor read", STORE_READS, read_factor, Factor,
					"SELECT {columns} FROM pgtoken.factors f WHERE " FACTOR_KEY);

Factor *
factor_read(const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	StoreArgs args = {0};

	add_key(&args, issuer, subject, factor_id);
	return store_find(&factor_read_query, &args);
}

static StoreQuery factor_list_locked_query =
	STORE_ROW_QUERY("factor list locked", STORE_READS, read_factor, Factor,
					"SELECT {columns} FROM pgtoken.factors f WHERE f.issuer" EQ
					"$1 AND f.subject" EQ "$2 ORDER BY f.factor_id FOR NO KEY UPDATE");

static StoreQuery factor_list_query =
	STORE_ROW_QUERY("factor list", STORE_READS, read_factor, Factor,
					"SELECT {columns} FROM pgtoken.factors f WHERE f.issuer" EQ
					"$1 AND f.subject" EQ "$2 ORDER BY f.factor_id");

Factor *
factor_list(const char *issuer, const char *subject, bool locked)
{
	Factor *list = NULL;
	Factor **end = &list;
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_run(locked ? &factor_list_locked_query : &factor_list_query, &args, append_factor, &end);
	return list;
}

static char *
secret_label(const pg_uuid_t *factor_id)
{
	return psprintf("%s%s", KEY_MATERIAL_FACTOR_PREFIX, strings_of_uuid(factor_id));
}

static StoreQuery factor_insert_query = STORE_QUERY(
	"factor insert", STORE_WRITES, "INSERT INTO pgtoken.factors ({names}) VALUES ({values})");

void
factor_insert(const Factor *factor, const FactorSecrets *secrets)
{
	StoreArgs args = {0};
	bool wrapped = false;
	PgtcBuf sealed;

	pgtc_buf_init(&sealed, &glue_mem);
	if (secrets->secret)
		wrapped = key_material_seal(secret_label(&factor->factor_id), secrets->secret,
									secrets->secret_len, &sealed);
	store_arg_text(store_named(&args, "issuer"), factor->issuer);
	store_arg_text(store_named(&args, "subject"), factor->subject);
	store_arg_uuid(store_named(&args, "factor_id"), &factor->factor_id);
	store_arg_text(store_named(&args, "factor_type"), factor_type_name(factor->type));
	store_arg_text(store_named(&args, "label"), factor->label);
	store_arg_text(store_named(&args, "state"), factor_state_name(factor->state));
	store_arg_jsonb(store_named(&args, "parameters"), factor->parameters);
	store_arg_bytes(store_named(&args, "secret"), secrets->secret ? sealed.data : NULL, sealed.len);
	store_arg_bool(store_named(&args, "wrapped"), wrapped);
	store_arg_hashes(store_named(&args, "code_hashes"), secrets->code_hashes,
					 secrets->n_code_hashes);
	store_arg_long(store_named(&args, "counter"), factor->counter);
	store_arg_time(store_named(&args, "created_at"), GetCurrentTimestamp());
	store_run(&factor_insert_query, &args, NULL, NULL);
	pgtc_buf_free(&sealed);
}

static StoreQuery factor_delete_query =
	STORE_QUERY("factor delete", STORE_WRITES, "DELETE FROM pgtoken.factors f WHERE " FACTOR_KEY);

bool
factor_delete(const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	StoreArgs args = {0};

	add_key(&args, issuer, subject, factor_id);
	return store_run(&factor_delete_query, &args, NULL, NULL) == 1;
}

static StoreQuery factor_delete_type_query =
	STORE_QUERY("factor delete type", STORE_WRITES,
				"DELETE FROM pgtoken.factors f WHERE f.issuer" EQ "$1 AND f.subject" EQ
				"$2 AND f.factor_type" EQ "$3 "
				"AND NOT EXISTS (SELECT FROM pgtoken.console_factors l WHERE l.issuer" EQ
				"f.issuer AND l.subject" EQ "f.subject AND l.factor_id" EQ "f.factor_id)");

void
factor_delete_type(const char *issuer, const char *subject, FactorType type)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, factor_type_name(type));
	store_run(&factor_delete_type_query, &args, NULL, NULL);
}

void
factor_secret(const Factor *factor, PgtcBuf *out)
{
	if (factor->secret == NULL)
		elog(ERROR, "a factor has no secret");
	key_material_open(secret_label(&factor->factor_id), factor->secret, factor->wrapped, out);
}

static StoreQuery factor_attempt_query = STORE_ROW_QUERY(
	"factor attempt", STORE_WRITES, read_factor, Factor,
	"UPDATE pgtoken.factors f SET failed_attempts = f.failed_attempts OPERATOR(pg_catalog.+) 1 "
	"WHERE " FACTOR_KEY " AND f.state" EQ "$4 AND (f.locked_until IS NULL "
	"OR f.locked_until OPERATOR(pg_catalog.<=) $5) RETURNING {columns}");

Factor *
factor_attempt(const Factor *factor, FactorState state, TimestampTz now)
{
	StoreArgs args = {0};

	add_key_of(&args, factor);
	store_arg_text(&args, factor_state_name(state));
	store_arg_time(&args, now);
	return store_find(&factor_attempt_query, &args);
}

static StoreQuery factor_disable_query =
	STORE_QUERY("factor disable", STORE_WRITES,
				"UPDATE pgtoken.factors f SET state = 'disabled' WHERE " FACTOR_KEY);

static StoreQuery factor_lock_query =
	STORE_QUERY("factor lock", STORE_WRITES,
				"UPDATE pgtoken.factors f SET locked_until = $4 WHERE " FACTOR_KEY);

void
factor_attempt_failed(const Factor *factor, TimestampTz now)
{
	StoreArgs args = {0};

	add_key_of(&args, factor);
	if (factor->failed_attempts >= DISABLED_AFTER)
		/* a disabled one can be made active again: not what was never proved */
		store_run(factor->state == FACTOR_PENDING ? &factor_delete_query : &factor_disable_query,
				  &args, NULL, NULL);
	else if (factor->failed_attempts % LOCKED_AFTER == 0)
	{
		store_arg_time(&args, moment_plus(now, LOCKED_FOR));
		store_run(&factor_lock_query, &args, NULL, NULL);
	}
}

/* each kind of evidence at most once: a counter that grows, a code that goes */
static StoreQuery factor_use_query = STORE_QUERY(
	"factor use", STORE_WRITES,
	"UPDATE pgtoken.factors f SET failed_attempts = 0, locked_until = NULL, last_used_at = $4, "
	"counter = coalesce($5, f.counter), "
	"code_hashes = pg_catalog.array_remove(f.code_hashes, $6) WHERE " FACTOR_KEY " AND f.state" EQ
	"'active' "
	"AND ($5 IS NULL OR f.counter OPERATOR(pg_catalog.<) $5 OR ($5" EQ "0 AND f.counter" EQ
	"0 AND f.factor_type" EQ "'webauthn')) "
	"AND ($6 IS NULL OR $6" EQ "ANY (f.code_hashes))");

static bool
use_factor(const Factor *factor, TimestampTz now, int64 counter, const uint8_t *code_hash)
{
	StoreArgs args = {0};

	add_key_of(&args, factor);
	store_arg_time(&args, now);
	store_arg_counter(&args, counter);
	store_arg_bytes(&args, code_hash, PGTC_SHA256_LEN);
	return store_run(&factor_use_query, &args, NULL, NULL) == 1;
}

static StoreQuery factor_count_code_query = STORE_QUERY(
	"factor count code", STORE_WRITES,
	"UPDATE pgtoken.factors f SET code_sent_at = $4, "
	"codes_sent = CASE WHEN f.codes_since OPERATOR(pg_catalog.>) $5 "
	"THEN f.codes_sent OPERATOR(pg_catalog.+) 1 ELSE 1 END, "
	"codes_since = CASE WHEN f.codes_since OPERATOR(pg_catalog.>) $5 THEN f.codes_since ELSE $4 END "
	"WHERE " FACTOR_KEY
	" AND (f.code_sent_at IS NULL OR f.code_sent_at OPERATOR(pg_catalog.<=) $6) "
	"AND (f.codes_sent OPERATOR(pg_catalog.<) $7 OR f.codes_since OPERATOR(pg_catalog.<=) $5)");

bool
factor_count_code(const Factor *factor, TimestampTz now)
{
	StoreArgs args = {0};

	add_key_of(&args, factor);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -CODES_WINDOW));
	store_arg_time(&args, moment_plus(now, -FACTOR_CODE_INTERVAL));
	store_arg_int(&args, CODES_PER_WINDOW);
	return store_run(&factor_count_code_query, &args, NULL, NULL) == 1;
}

bool
factor_use(const Factor *factor, TimestampTz now)
{
	return use_factor(factor, now, -1, NULL);
}

bool
factor_use_counter(const Factor *factor, int64 counter, TimestampTz now)
{
	return use_factor(factor, now, counter, NULL);
}

bool
factor_use_code(const Factor *factor, const uint8_t hash[PGTC_SHA256_LEN], TimestampTz now)
{
	return use_factor(factor, now, -1, hash);
}

static StoreQuery factor_activate_query =
	STORE_QUERY("factor activate", STORE_WRITES,
				"UPDATE pgtoken.factors f SET state = 'active', counter = $4, failed_attempts = 0, "
				"locked_until = NULL, last_used_at = $5 WHERE " FACTOR_KEY " AND f.state" EQ
				"'pending' AND f.counter OPERATOR(pg_catalog.<) $4");

bool
factor_activate(const Factor *factor, int64 step, TimestampTz now)
{
	StoreArgs args = {0};

	add_key_of(&args, factor);
	store_arg_long(&args, step);
	store_arg_time(&args, now);
	return store_run(&factor_activate_query, &args, NULL, NULL) == 1;
}

static StoreQuery factor_unlock_query = STORE_QUERY(
	"factor unlock", STORE_WRITES,
	"UPDATE pgtoken.factors f SET failed_attempts = 0, locked_until = NULL, "
	"state = CASE WHEN f.state" EQ "'disabled' THEN 'active' ELSE f.state END WHERE " FACTOR_KEY);

bool
factor_unlock(const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	StoreArgs args = {0};

	add_key(&args, issuer, subject, factor_id);
	return store_run(&factor_unlock_query, &args, NULL, NULL) == 1;
}
