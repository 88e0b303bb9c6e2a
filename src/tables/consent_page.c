/*
 * consent_page.c
 *		What a consent page has shown: written by SQL (consent_page()), read where
 *		the subject's answer comes.
 */
#include "tables/consent_page.h"

#include "base/member.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/slice.h"

static void
read_page(StoreRow *row, void *arg)
{
	ConsentPage *page = arg;
	int n;
	char **asked = store_texts(row, &n);

	for (int i = 0; i < n; i++)
		(void) pgtc_scope_add(&page->asked, pgtc_slice_str(asked[i]));
	page->shown = store_jsonb(row);
	page->lifetime = member_int(page->shown, "lifetime", 0);
}

static StoreQuery page_read_query =
	STORE_QUERY("consent page read", STORE_READS,
				"SELECT p.asked, p.shown FROM pgtoken.consent_pages p WHERE p.grant_id" EQ
				"$1 AND p.subject" EQ "$2 AND ($3 IS NULL OR p.page_id" EQ "$3) "
				"ORDER BY p.shown_at DESC, p.page_id LIMIT 1");

ConsentPage *
consent_page_find(const pg_uuid_t *request_id, const char *subject, const char *page_id)
{
	ConsentPage *page = palloc0(sizeof(ConsentPage));
	StoreArgs args = {0};

	store_arg_uuid(&args, request_id);
	store_arg_text(&args, subject);
	store_arg_text(&args, page_id);
	return store_run(&page_read_query, &args, read_page, page) == 1 ? page : NULL;
}

static StoreQuery page_forget_query =
	STORE_QUERY("consent page forget", STORE_WRITES,
				"DELETE FROM pgtoken.consent_pages p WHERE p.grant_id" EQ "$1");

void
consent_page_forget(const pg_uuid_t *request_id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, request_id);
	store_run(&page_forget_query, &args, NULL, NULL);
}
