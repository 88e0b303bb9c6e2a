/*
 * subjects.c
 *		What is known of all subjects of an issuer together.
 *
 * Kept as long as nothing was revoked, by any session: one statement then, by two
 * indexes, and none for each request.
 */
#include "tables/subjects.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/store.h"

typedef struct SubjectsNode
{
	Subjects subjects;
	char *issuer;
	struct SubjectsNode *next;
} SubjectsNode;

static SubjectsNode *list = NULL;
static uint64 list_number = 0;

static void
read_subjects(StoreRow *row, void *arg)
{
	Subjects *subjects = arg;

	subjects->epoch = store_long(row, 0);
	subjects->not_before = store_time(row, DT_NOBEGIN);
	subjects->blocked_until = store_time(row, DT_NOBEGIN);
}

static StoreQuery subjects_query =
	STORE_QUERY("subjects", STORE_READS_LATEST,
				"SELECT (SELECT e.epoch FROM pgtoken.subject_epochs e WHERE e.issuer" EQ "$1), "
				"(SELECT pg_catalog.max(s.not_before) FROM pgtoken.subject_not_before s "
				"WHERE s.issuer" EQ "$1), "
				"(SELECT pg_catalog.max(b.blocked_until) FROM pgtoken.subject_blocks b "
				"WHERE b.issuer" EQ "$1)");

const Subjects *
subjects_of(const char *issuer)
{
	StoreArgs args = {0};
	Subjects found = {0};
	MemoryContext caller;
	SubjectsNode *node;

	if (list_number != cache_number(CACHE_REVOCATION))
	{
		list = NULL;
		list_number = cache_number(CACHE_REVOCATION);
	}
	for (node = list; node; node = node->next)
	{
		if (strcmp(node->issuer, issuer) == 0)
			return &node->subjects;
	}
	store_arg_text(&args, issuer);
	store_run(&subjects_query, &args, read_subjects, &found);
	caller = MemoryContextSwitchTo(cache_context(CACHE_REVOCATION));
	node = palloc(sizeof(SubjectsNode));
	node->subjects = found;
	node->issuer = pstrdup(issuer);
	node->next = list;
	list = node;
	MemoryContextSwitchTo(caller);
	return &node->subjects;
}
