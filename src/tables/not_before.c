/*
 * not_before.c
 *		What has ended all that was issued before.
 *
 * "Before now" is a matter of epochs (begun.h), "before a time" that was named one of
 * clocks, for families of earlier epochs than the one in which it was named.
 *
 * Those of issuer and client come with their cached rows.  Of subjects there may be
 * many, so one counter for all of an issuer's numbers their ends: a family that has
 * copied its present value, and began later than the latest of their times, needs no
 * look at its subject's rows.  The counter's row is locked until an end commits;
 * with that, ends are numbered in the order in which they become visible, and who
 * has copied a number has seen all ends up to it.
 */
#include "tables/not_before.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/store.h"
#include "tables/issuer.h"

/* of the subjects of an issuer */
typedef struct Latest
{
	char *issuer;
	int64 epoch;
	TimestampTz not_before; /* the latest; DT_NOBEGIN: there is none */
	struct Latest *next;
} Latest;

/* what refuses, so far */
typedef struct Judgement
{
	const Begun *begun;
	TimestampTz not_before;
	PgtErr err;
} Judgement;

static Latest *latest_list = NULL;
static uint64 latest_number = 0;

static void
read_latest(StoreRow *row, void *arg)
{
	Latest *latest = arg;

	latest->epoch = store_long(row, 0);
	latest->not_before = store_time(row, DT_NOBEGIN);
}

static StoreQuery subject_not_before_latest_query =
	STORE_QUERY("latest subject not_before", STORE_READS_LATEST,
				"SELECT (SELECT e.epoch FROM pgtoken.subject_epochs e WHERE e.issuer" EQ "$1), "
				"pg_catalog.max(s.not_before) FROM pgtoken.subject_not_before s "
				"WHERE s.issuer" EQ "$1");

static const Latest *
latest_of_subjects(const char *issuer)
{
	StoreArgs args = {0};
	Latest found = {0};
	MemoryContext caller;
	Latest *node;

	if (latest_number != cache_number(CACHE_REVOCATION))
	{
		latest_list = NULL;
		latest_number = cache_number(CACHE_REVOCATION);
	}
	for (node = latest_list; node; node = node->next)
	{
		if (strcmp(node->issuer, issuer) == 0)
			return node;
	}
	store_arg_text(&args, issuer);
	store_run(&subject_not_before_latest_query, &args, read_latest, &found);
	caller = MemoryContextSwitchTo(cache_context(CACHE_REVOCATION));
	node = palloc(sizeof(Latest));
	*node = found;
	node->issuer = pstrdup(issuer);
	node->next = latest_list;
	latest_list = node;
	MemoryContextSwitchTo(caller);
	return node;
}

void
not_before_begin(const Client *client, TimestampTz now, Begun *begun)
{
	begun->at = now;
	begun->issuer_epoch = issuer_get(client->issuer)->epochs.current;
	begun->client_epoch = client->epochs.current;
	begun->subject_epoch = latest_of_subjects(client->issuer)->epoch;
}

/* of several that refuse, the latest says why */
static void
refuse(Judgement *judgement, TimestampTz not_before, PgtErr err)
{
	if (judgement->err == PGT_OK || not_before > judgement->not_before)
	{
		judgement->not_before = not_before;
		judgement->err = err;
	}
}

/* an epoch that never was is one of another issuer or client, of the same name, that is gone */
static void
judge_level(Judgement *judgement, int64 epoch, const Epochs *level, PgtErr err)
{
	if (epoch > level->current || epoch < level->current - level->since_end ||
		(epoch < level->not_before_epoch && judgement->begun->at < level->not_before))
		refuse(judgement, level->not_before, err);
}

static void
judge_subject_row(StoreRow *row, void *arg)
{
	Judgement *judgement = arg;
	bool of_client = store_bool(row);
	int64 ended_epoch = store_long(row, 0);
	TimestampTz not_before = store_time(row, DT_NOBEGIN);
	int64 not_before_epoch = store_long(row, 0);
	int64 epoch = judgement->begun->subject_epoch;

	if (epoch < ended_epoch || (epoch < not_before_epoch && judgement->begun->at < not_before))
		refuse(judgement, not_before,
			   of_client ? PGT_ERR_CONSENT_WITHDRAWN : PGT_ERR_NOT_BEFORE_SUBJECT);
}

/* of the subject, and of the subject with this client */
static StoreQuery subject_not_before_query =
	STORE_QUERY("subject not_before", STORE_READS_LATEST,
				"SELECT s.client_id OPERATOR(pg_catalog.<>) '', s.ended_epoch, s.not_before, "
				"s.not_before_epoch FROM pgtoken.subject_not_before s WHERE s.issuer" EQ
				"$1 AND s.subject" EQ "$2 AND s.client_id" EQ "ANY (ARRAY['', $3])");

static void
judge_subject(Judgement *judgement, const Client *client, const char *subject)
{
	const Latest *latest = latest_of_subjects(client->issuer);
	StoreArgs args = {0};

	if (judgement->begun->subject_epoch >= latest->epoch &&
		judgement->begun->at >= latest->not_before)
		return;
	store_arg_text(&args, client->issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, client->client_id);
	store_run(&subject_not_before_query, &args, judge_subject_row, judgement);
}

PgtErr
not_before_check(const Client *client, const char *subject, TimestampTz family, const Begun *begun)
{
	Judgement judgement = {begun, DT_NOBEGIN, PGT_OK};

	judge_level(&judgement, begun->issuer_epoch, &issuer_get(client->issuer)->epochs,
				PGT_ERR_NOT_BEFORE_ISSUER);
	judge_level(&judgement, begun->client_epoch, &client->epochs, PGT_ERR_NOT_BEFORE_CLIENT);
	judge_subject(&judgement, client, subject);
	if (begun->at < family)
		refuse(&judgement, family, PGT_ERR_NOT_BEFORE_FAMILY);
	return judgement.err;
}
