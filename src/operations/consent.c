/*
 * consent.c
 *		What subjects have consented to: scopes, for each API on its own.
 *
 * A scope agreed to for one API says nothing of another one that gives it a
 * meaning, too.  Who relies on what is stored locks it: a withdrawal then waits,
 * and finds the code that came of it.
 */
#include "operations/consent.h"

#include "utils/timestamp.h"

#include "base/store.h"
#include "core/base/slice.h"

/* for which of the wanted APIs each wanted scope has been agreed to: counted */
typedef struct Coverage
{
	const PgtcScope *wanted;
	char *const *resources;
	int n_resources;
	int covered[PGTC_SCOPE_MAX];
} Coverage;

static void
read_consent(StoreRow *row, void *arg)
{
	Coverage *coverage = arg;
	char *resource = store_text(row);
	int n;
	char **scopes = store_texts(row, &n);
	bool asked = false;

	for (int i = 0; i < coverage->n_resources; i++)
		asked = asked || strcmp(coverage->resources[i], resource) == 0;
	for (int i = 0; asked && i < coverage->wanted->n; i++)
	{
		for (int j = 0; j < n; j++)
		{
			if (pgtc_slice_equal(coverage->wanted->token[i], pgtc_slice_str(scopes[j])))
				coverage->covered[i]++;
		}
	}
}

static StoreQuery consent_read_query =
	STORE_QUERY("consent read", STORE_READS,
				"SELECT c.resource, c.scopes FROM pgtoken.consents c "
				"WHERE c.subject" EQ "$1 AND c.client_id" EQ "$2 FOR NO KEY UPDATE");

void
consent_missing(const char *subject, const char *client_id, const PgtcScope *wanted,
				char *const *resources, int n_resources, PgtcScope *missing)
{
	Coverage coverage = {.wanted = wanted, .resources = resources, .n_resources = n_resources};
	StoreArgs args = {0};

	store_arg_text(&args, subject);
	store_arg_text(&args, client_id);
	store_run(&consent_read_query, &args, read_consent, &coverage);
	missing->n = 0;
	for (int i = 0; i < wanted->n; i++)
	{
		if (coverage.covered[i] < coverage.n_resources)
			missing->token[missing->n++] = wanted->token[i];
	}
}

static StoreQuery consent_store_query = STORE_QUERY(
	"consent store", STORE_WRITES,
	"INSERT INTO pgtoken.consents AS c (subject, client_id, resource, scopes, granted_at, "
	"updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (subject, client_id, resource) "
	"DO UPDATE SET scopes = ARRAY(SELECT DISTINCT u FROM pg_catalog.unnest("
	"c.scopes OPERATOR(pg_catalog.||) EXCLUDED.scopes) u ORDER BY u), "
	"updated_at = EXCLUDED.updated_at");

void
consent_store(const char *subject, const char *client_id, const PgtcScope *scope,
			  char *const *resources, int n_resources)
{
	char *scopes[PGTC_SCOPE_MAX];
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < scope->n; i++)
		scopes[i] = pnstrdup(scope->token[i].data, scope->token[i].len);
	for (int i = 0; i < n_resources; i++)
	{
		StoreArgs args = {0};

		store_arg_text(&args, subject);
		store_arg_text(&args, client_id);
		store_arg_text(&args, resources[i]);
		store_arg_texts(&args, scopes, scope->n);
		store_arg_time(&args, now);
		store_run(&consent_store_query, &args, NULL, NULL);
	}
}
