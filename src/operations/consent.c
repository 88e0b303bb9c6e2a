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

#include "base/guc.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "tables/audit.h"

/* for which of the wanted APIs each wanted scope has been agreed to: counted */
typedef struct Coverage
{
	const PgtcScope *wanted;
	char *const *resources;
	int n_resources;
	TimestampTz now;
	int covered[PGTC_SCOPE_MAX];
	TimestampTz ends; /* the first of the rows that count */
} Coverage;

static void
read_consent(StoreRow *row, void *arg)
{
	Coverage *coverage = arg;
	char *resource = store_text(row);
	int n;
	char **scopes = store_texts(row, &n);
	TimestampTz ends = store_time(row, DT_NOEND);
	bool asked = false;
	bool counts = false;

	for (int i = 0; i < coverage->n_resources; i++)
		asked = asked || strcmp(coverage->resources[i], resource) == 0;
	if (!asked || ends <= coverage->now)
		return;
	for (int i = 0; i < coverage->wanted->n; i++)
	{
		for (int j = 0; j < n; j++)
		{
			if (pgtc_slice_equal(coverage->wanted->token[i], pgtc_slice_str(scopes[j])))
			{
				coverage->covered[i]++;
				counts = true;
			}
		}
	}
	if (counts)
		coverage->ends = Min(coverage->ends, ends);
}

static StoreQuery consent_read_query =
	STORE_QUERY("consent read", STORE_READS,
				"SELECT c.resource, c.scopes, c.expires_at FROM pgtoken.consents c "
				"WHERE c.subject" EQ "$1 AND c.client_id" EQ "$2 FOR NO KEY UPDATE");

TimestampTz
consent_missing(const char *subject, const char *client_id, const PgtcScope *wanted,
				char *const *resources, int n_resources, TimestampTz now, PgtcScope *missing)
{
	Coverage coverage = {.wanted = wanted,
						 .resources = resources,
						 .n_resources = n_resources,
						 .now = now,
						 .ends = DT_NOEND};
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
	return coverage.ends;
}

/* of two numbers of seconds the smaller; none, 0 or less, is without end */
static int
shorter(int one, int other)
{
	if (one <= 0 || other <= 0)
		return Max(Max(one, other), 0);
	return Min(one, other);
}

bool
consent_read(Consent *consent, const Client *client, const pg_uuid_t *request_id,
			 const char *scopes, const char *page_id, int lifetime)
{
	PgtcScope agreed = {0};

	if (pgtc_scope_parse(pgtc_slice_str(scopes), &agreed) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("consent must be a space-delimited list of scopes")));
	consent->page = consent_page_find(request_id, consent->subject, page_id);
	if (consent->page == NULL && (page_id || guc_consent_page_required))
		return false;
	consent->agreed.n = 0;
	for (int i = 0; i < agreed.n; i++)
	{
		if (consent->page == NULL || pgtc_scope_has(&consent->page->asked, agreed.token[i]))
			consent->agreed.token[consent->agreed.n++] = agreed.token[i];
	}
	consent->lifetime = shorter(client_consent_lifetime(client), lifetime);
	if (consent->page)
		consent->lifetime = shorter(consent->lifetime, consent->page->lifetime);
	return true;
}

TimestampTz
consent_end(const Consent *consent)
{
	return consent->lifetime > 0 ? moment_plus(consent->at, consent->lifetime) : DT_NOEND;
}

static void
read_end(StoreRow *row, void *arg)
{
	TimestampTz *first = arg;
	TimestampTz end = store_time(row, DT_NOEND);

	*first = Min(*first, end);
}

/* $5 now, $7 what is agreed to just now: only an agreement to all of it moves the end of the row */
static StoreQuery consent_store_query = STORE_QUERY(
	"consent store", STORE_WRITES,
	"INSERT INTO pgtoken.consents AS c (subject, client_id, resource, scopes, granted_at, "
	"updated_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6) "
	"ON CONFLICT (subject, client_id, resource) DO UPDATE SET "
	"scopes = CASE WHEN c.expires_at OPERATOR(pg_catalog.<=) $5 THEN EXCLUDED.scopes ELSE "
	"ARRAY(SELECT DISTINCT u FROM pg_catalog.unnest("
	"c.scopes OPERATOR(pg_catalog.||) EXCLUDED.scopes) u ORDER BY u) END, "
	"granted_at = CASE WHEN c.expires_at OPERATOR(pg_catalog.<=) $5 THEN $5 ELSE c.granted_at END, "
	"updated_at = EXCLUDED.updated_at, "
	"expires_at = CASE WHEN c.expires_at OPERATOR(pg_catalog.<=) $5 OR c.scopes "
	"OPERATOR(pg_catalog.<@) $7 THEN EXCLUDED.expires_at ELSE LEAST(c.expires_at, "
	"EXCLUDED.expires_at) END RETURNING c.expires_at");

TimestampTz
consent_store(const Consent *consent, const PgtcScope *scope)
{
	char **scopes = strings_in_scope(scope);
	char **agreed = strings_in_scope(&consent->agreed);
	TimestampTz end = consent_end(consent);
	TimestampTz first = DT_NOEND;

	for (int i = 0; i < consent->n_resources; i++)
	{
		StoreArgs args = {0};

		store_arg_text(&args, consent->subject);
		store_arg_text(&args, consent->client_id);
		store_arg_text(&args, consent->resources[i]);
		store_arg_texts(&args, scopes, scope->n);
		store_arg_time(&args, consent->at);
		store_arg_time(&args, end == DT_NOEND ? DT_NOBEGIN : end);
		store_arg_texts(&args, agreed, consent->agreed.n);
		store_run(&consent_store_query, &args, read_end, &first);
	}
	return first;
}

/* asked about and not agreed to */
static PgtcScope
refused_scopes(const Consent *consent)
{
	PgtcScope refused = {0};

	for (int i = 0; consent->page && i < consent->page->asked.n; i++)
	{
		if (!pgtc_scope_has(&consent->agreed, consent->page->asked.token[i]))
			refused.token[refused.n++] = consent->page->asked.token[i];
	}
	return refused;
}

/* the page, but what the client asks for beyond scopes, which may tell of a person */
static void
record_page(const Consent *consent, Object *detail, Object *personal)
{
	PgtcScope refused = refused_scopes(consent);
	Jsonb *details = member_json(consent->page->shown, "authorization_details");

	object_strings(detail, "refused", strings_in_scope(&refused), refused.n);
	object_jsonb(detail, "page", object_without(consent->page->shown, "authorization_details"));
	if (details)
		object_jsonb(personal, "shown_authorization_details", details);
}

void
consent_record(const Consent *consent, const pg_uuid_t *grant_id, TimestampTz ends)
{
	Object detail;
	Object personal;

	if (consent->agreed.n == 0 && consent->details == NULL)
		return;
	object_begin(&detail);
	object_begin(&personal);
	object_strings(&detail, "scopes", strings_in_scope(&consent->agreed), consent->agreed.n);
	object_strings(&detail, "resources", consent->resources, consent->n_resources);
	if (ends != DT_NOEND)
		object_time(&detail, "expires_at", ends);
	if (consent->details)
		object_jsonb(&personal, "authorization_details", consent->details);
	if (consent->page)
		record_page(consent, &detail, &personal);
	audit_write(&(AuditEvent){.grant_id = grant_id,
							  .event = "consent.given",
							  .client_id = consent->client_id,
							  .subject = consent->subject,
							  .detail = object_end(&detail),
							  .personal = object_end(&personal)});
}
