/*
 * console.c
 *		The console of an issuer: its client and API, who operates it, by which factors,
 *		and the functions that it calls.
 *
 * Nothing of it is kept by a backend: what ends an operator ends him with the next call,
 * and nobody else's request asks for it.
 */
#include "tables/console.h"

#include "base/store.h"
#include "base/strings.h"

static const struct
{
	const char *name;
	const char *scope;
	const char *role;
} accesses[] = {
	[CONSOLE_AUDITOR] = {"auditor", "pgtoken:auditor", "pgtoken_auditor"},
	[CONSOLE_ISSUER_ADMIN] = {"issuer_admin", "pgtoken:issuer_admin", "pgtoken_issuer_admin"},
	[CONSOLE_ADMIN] = {"admin", "pgtoken:admin", "pgtoken_admin"},
};

StaticAssertDecl(lengthof(accesses) == CONSOLE_ACCESSES, "every access has its row");

const char *
console_scope(int n)
{
	return n < CONSOLE_ACCESSES ? accesses[n].scope : NULL;
}

const char *
console_access_name(int n)
{
	return n < CONSOLE_ACCESSES ? accesses[n].name : NULL;
}

bool
console_access_includes(ConsoleAccess access, ConsoleAccess part)
{
	return access == part || (access == CONSOLE_ADMIN && part == CONSOLE_AUDITOR);
}

const char *
console_role(ConsoleAccess access)
{
	return accesses[access].role;
}

static void
read_console(StoreRow *row, void *arg)
{
	Console *console = palloc(sizeof(Console));

	console->client_id = store_text(row);
	console->resource = store_text(row);
	*(Console **) arg = console;
}

static StoreQuery console_query = STORE_QUERY(
	"console", STORE_READS_LATEST,
	"SELECT c.client_id, c.resource FROM pgtoken.consoles c WHERE c.issuer" EQ "$1 AND c.enabled");

Console *
console_find(const char *issuer)
{
	Console *console = NULL;
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_run(&console_query, &args, read_console, &console);
	return console;
}

bool
console_is(const char *issuer, const char *client_id)
{
	const Console *console = console_find(issuer);

	return console && strcmp(console->client_id, client_id) == 0;
}

static void
read_access(StoreRow *row, void *arg)
{
	*(ConsoleAccess *) arg = (ConsoleAccess) store_name(row, console_access_name);
}

static StoreQuery access_query =
	STORE_QUERY("console access", STORE_READS_LATEST,
				"SELECT o.access FROM pgtoken.console_operators o WHERE o.issuer" EQ
				"$1 AND o.subject" EQ "$2");

bool
console_access_of(const char *issuer, const char *subject, ConsoleAccess *access)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	return store_run(&access_query, &args, read_access, access) > 0;
}

static void
read_operator(StoreRow *row, void *arg)
{
	ConsoleOperator *found = palloc0(sizeof(ConsoleOperator));

	found->access = (ConsoleAccess) store_name(row, console_access_name);
	found->factor_ids = store_texts(row, &found->n_factor_ids);
	found->factor_types = store_texts(row, &found->n_factor_types);
	found->proved_at = store_time(row, DT_NOBEGIN);
	*(ConsoleOperator **) arg = found;
}

/*
 * A proof is a step-up transaction of this family that a refresh of the console's client
 * was asked for, and that a listed factor has completed.  Not one of a first issue, which
 * began before there was a family.
 */
static StoreQuery operator_query = STORE_QUERY(
	"console operator", STORE_READS_LATEST,
	"SELECT o.access, "
	"ARRAY(SELECT f.factor_id::pg_catalog.text FROM pgtoken.console_factors l "
	"JOIN pgtoken.factors f ON f.issuer" EQ "l.issuer AND f.subject" EQ
	"l.subject AND f.factor_id" EQ "l.factor_id "
	"WHERE l.issuer" EQ "$1 AND l.subject" EQ "$2 AND f.state" EQ "'active' ORDER BY f.factor_id), "
	"ARRAY(SELECT DISTINCT f.factor_type FROM pgtoken.console_factors l "
	"JOIN pgtoken.factors f ON f.issuer" EQ "l.issuer AND f.subject" EQ
	"l.subject AND f.factor_id" EQ "l.factor_id "
	"WHERE l.issuer" EQ "$1 AND l.subject" EQ "$2 AND f.state" EQ "'active' ORDER BY 1), "
	"(SELECT pg_catalog.max(c.completed_at) FROM pgtoken.challenges c "
	"JOIN pgtoken.console_factors l ON l.issuer" EQ "c.issuer AND l.subject" EQ
	"c.subject AND l.factor_id" EQ "c.factor_id "
	"WHERE c.grant_id" EQ "$4 AND c.issuer" EQ "$1 AND c.subject" EQ "$2 AND c.client_id" EQ
	"$3 AND c.generation IS NOT NULL AND c.state" EQ "ANY (ARRAY['completed', 'consumed'])) "
	"FROM pgtoken.console_operators o WHERE o.issuer" EQ "$1 AND o.subject" EQ "$2");

ConsoleOperator *
console_operator(const char *issuer, const Console *console, const char *subject,
				 const pg_uuid_t *grant_id)
{
	ConsoleOperator *found = NULL;
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, console->client_id);
	store_arg_uuid(&args, grant_id);
	store_run(&operator_query, &args, read_operator, &found);
	return found;
}

static void
read_function(StoreRow *row, void *arg)
{
	ConsoleFunction *function = palloc(sizeof(ConsoleFunction));

	function->function = (Oid) store_long(row, 0);
	function->changes = store_bool(row);
	for (int i = 0; i < CONSOLE_ACCESSES; i++)
		function->allowed[i] = store_bool(row);
	*(ConsoleFunction **) arg = function;
}

static StoreQuery function_query = STORE_QUERY(
	"console function", STORE_READS,
	"SELECT p.oid::pg_catalog.int8, p.provolatile" EQ "'v', "
	"pg_catalog.has_function_privilege('pgtoken_auditor', p.oid, 'EXECUTE'), "
	"pg_catalog.has_function_privilege('pgtoken_issuer_admin', p.oid, 'EXECUTE'), "
	"pg_catalog.has_function_privilege('pgtoken_admin', p.oid, 'EXECUTE') "
	"FROM pg_catalog.pg_proc p WHERE p.pronamespace" EQ
	"'pgtoken_console'::pg_catalog.regnamespace AND p.proname" EQ "$1::pg_catalog.name "
	"AND p.proargtypes" EQ "'3802'::pg_catalog.oidvector AND p.prorettype" EQ
	"'pg_catalog.jsonb'::pg_catalog.regtype AND NOT p.proretset AND p.prokind" EQ "'f'");

ConsoleFunction *
console_function(const char *name)
{
	ConsoleFunction *function = NULL;
	StoreArgs args = {0};

	/* one that a name cannot be is cut off by the cast, and would be another */
	if (strlen(name) >= NAMEDATALEN)
		return NULL;
	store_arg_text(&args, name);
	store_run(&function_query, &args, read_function, &function);
	return function;
}

static StoreQuery listed_query =
	STORE_QUERY("console factor", STORE_READS_LATEST,
				"SELECT FROM pgtoken.console_factors l WHERE l.issuer" EQ "$1 AND l.subject" EQ
				"$2 AND l.factor_id" EQ "$3");

bool
console_has_factor(const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_uuid(&args, factor_id);
	return store_run(&listed_query, &args, NULL, NULL) > 0;
}

void
console_refuse_factor(const char *issuer, const char *subject, const pg_uuid_t *factor_id)
{
	if (console_has_factor(issuer, subject, factor_id))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied: the factor is an operator's of the console"),
				 errhint("pgtoken_admin does this: SELECT pgtoken.unlock_console_factor(...) "
						 "or pgtoken.remove_console_factor(...).")));
}
