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

#include "utils/timestamp.h"

#include "base/store.h"
#include "tables/issuer.h"
#include "tables/subjects.h"

/* what refuses, so far */
typedef struct Judgement
{
	const Begun *begun;
	TimestampTz not_before;
	PgtErr err;
} Judgement;

void
not_before_begin(const Client *client, TimestampTz now, Begun *begun)
{
	begun->at = now;
	begun->issuer_epoch = issuer_get(client->issuer)->epochs.current;
	begun->client_epoch = client->epochs.current;
	begun->subject_epoch = subjects_of(client->issuer)->epoch;
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
	const Subjects *subjects = subjects_of(client->issuer);
	StoreArgs args = {0};

	if (judgement->begun->subject_epoch >= subjects->epoch &&
		judgement->begun->at >= subjects->not_before)
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

bool
not_before_ended(const Client *client, TimestampTz began)
{
	return began < issuer_get(client->issuer)->epochs.not_before ||
		   began < client->epochs.not_before;
}

static StoreQuery not_before_since_query =
	STORE_QUERY("not_before since", STORE_READS_LATEST,
				"SELECT 0 FROM pgtoken.subject_not_before s WHERE s.issuer" EQ "$1 AND s.subject" EQ
				"$2 AND s.client_id" EQ "ANY (ARRAY['', $3]) "
				"AND s.not_before OPERATOR(pg_catalog.>) $4");

bool
not_before_since(const Client *client, const char *subject, TimestampTz began)
{
	StoreArgs args = {0};

	if (not_before_ended(client, began))
		return true;
	store_arg_text(&args, client->issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, client->client_id);
	store_arg_time(&args, began);
	return store_run(&not_before_since_query, &args, NULL, NULL) > 0;
}
