/*
 * not_before.c
 *		Points in time before which tokens are refused.
 *
 * Those of issuer and client come with their cached rows.  Of subjects there may
 * be many: cached is only the latest of an issuer's, and a family that began
 * after it needs no look at its subject's.
 */
#include "not_before.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "issuer.h"
#include "store.h"

/* the latest not_before of any subject of an issuer */
typedef struct Latest
{
	char *issuer;
	TimestampTz not_before; /* DT_NOBEGIN: there is none */
	struct Latest *next;
} Latest;

static Latest *latest_list = NULL;
static uint64 latest_number = 0;

static void
read_time(StoreRow *row, void *arg)
{
	*(TimestampTz *) arg = store_time(row, DT_NOBEGIN);
}

static TimestampTz
latest_of_subjects(const char *issuer)
{
	StoreArgs args = {0};
	TimestampTz not_before = DT_NOBEGIN;
	MemoryContext caller;
	Latest *node;

	if (latest_number != pgt_cache_number(CACHE_REVOCATION))
	{
		latest_list = NULL;
		latest_number = pgt_cache_number(CACHE_REVOCATION);
	}
	for (node = latest_list; node; node = node->next)
	{
		if (strcmp(node->issuer, issuer) == 0)
			return node->not_before;
	}
	store_arg_text(&args, issuer);
	store_run(STORE_SUBJECT_NOT_BEFORE_LATEST, &args, read_time, &not_before);
	caller = MemoryContextSwitchTo(pgt_cache_context(CACHE_REVOCATION));
	node = palloc(sizeof(Latest));
	node->issuer = pstrdup(issuer);
	node->not_before = not_before;
	node->next = latest_list;
	latest_list = node;
	MemoryContextSwitchTo(caller);
	return not_before;
}

static TimestampTz
of_subject(const char *issuer, const char *subject, TimestampTz begun_at)
{
	StoreArgs args = {0};
	TimestampTz not_before = DT_NOBEGIN;

	if (begun_at >= latest_of_subjects(issuer))
		return DT_NOBEGIN;
	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_run(STORE_SUBJECT_NOT_BEFORE, &args, read_time, &not_before);
	return not_before;
}

PgtErr
not_before_check(const Client *client, const char *subject, TimestampTz family,
				 TimestampTz begun_at)
{
	const struct
	{
		TimestampTz not_before;
		PgtErr err;
	} levels[] = {
		{issuer_get(client->issuer)->not_before, PGT_ERR_NOT_BEFORE_ISSUER},
		{client->not_before, PGT_ERR_NOT_BEFORE_CLIENT},
		{of_subject(client->issuer, subject, begun_at), PGT_ERR_NOT_BEFORE_SUBJECT},
		{family, PGT_ERR_NOT_BEFORE_FAMILY},
	};
	TimestampTz effective = begun_at;
	PgtErr err = PGT_OK;

	for (size_t i = 0; i < lengthof(levels); i++)
	{
		if (levels[i].not_before > effective)
		{
			effective = levels[i].not_before;
			err = levels[i].err;
		}
	}
	return err;
}
