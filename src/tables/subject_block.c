/*
 * subject_block.c
 *		Subjects that are refused for as long as an administrator has said.
 *
 * Asked at each use, so that what a transaction issues while a block commits is
 * refused by it, too, and so that a block is over by itself.  While an issuer has
 * none in force nobody pays for it.
 */
#include "tables/subject_block.h"

#include "utils/timestamp.h"

#include "base/store.h"
#include "tables/subjects.h"

static StoreQuery subject_block_query =
	STORE_QUERY("subject block", STORE_READS_LATEST,
				"SELECT true FROM pgtoken.subject_blocks b WHERE b.issuer" EQ "$1 AND b.subject" EQ
				"$2 AND b.blocked_until OPERATOR(pg_catalog.>) $3");

bool
subject_block_holds(const char *issuer, const char *subject)
{
	TimestampTz last = subjects_of(issuer)->blocked_until;
	StoreArgs args = {0};
	TimestampTz now;

	if (last == DT_NOBEGIN)
		return false;
	now = GetCurrentTimestamp();
	if (last <= now)
		return false;
	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_time(&args, now);
	return store_run(&subject_block_query, &args, NULL, NULL) > 0;
}
