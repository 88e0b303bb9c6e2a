/*
 * account.c
 *		What a person sees and ends of the sessions that are open in his name.
 *
 * What belongs to a session, and what its end is, is said by functions in SQL
 * (45_account.sql), beside those that an application calls.
 */
#include "tables/account.h"

#include "base/store.h"

static void
read_outcome(StoreRow *row, void *arg)
{
	AccountOutcome *outcome = arg;

	outcome->lives = store_bool(row);
	outcome->known = store_bool(row);
	outcome->answer = store_jsonb(row);
}

static StoreQuery sessions_query = STORE_QUERY("account sessions", STORE_READS,
											   "SELECT s.lives, s.known, s.answer "
											   "FROM pgtoken.account_sessions($1, $2, $3, $4) s");

void
account_sessions(const pg_uuid_t *grant_id, const char *after, int limit, const char *ui_locales,
				 AccountOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_text(&args, after);
	store_arg_int(&args, limit);
	store_arg_text(&args, ui_locales);
	store_run(&sessions_query, &args, read_outcome, outcome);
}

static StoreQuery end_query = STORE_QUERY("account end sessions", STORE_READS,
										  "SELECT e.lives, e.known, e.answer "
										  "FROM pgtoken.account_end_sessions($1, $2) e");

void
account_end_sessions(const pg_uuid_t *grant_id, const char *name, AccountOutcome *outcome)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_text(&args, name);
	store_run(&end_query, &args, read_outcome, outcome);
}

/* by the reason that end_session_of, end_other_sessions and the endpoint give, unless told another */
static StoreQuery ended_query = STORE_QUERY(
	"account session ended", STORE_READS_LATEST,
	"SELECT FROM pgtoken.grants g JOIN pgtoken.clients c ON c.client_id" EQ "g.client_id "
	"WHERE g.session_id" EQ "$3 AND g.subject" EQ "$2 AND c.issuer" EQ "$1 "
	"AND g.revoke_reason" EQ "'ended_by_user' AND g.revoked_at OPERATOR(pg_catalog.>) $4 LIMIT 1");

bool
account_session_ended(const char *issuer, const char *subject, const char *session_id,
					  TimestampTz since)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, session_id);
	store_arg_time(&args, since);
	return store_run(&ended_query, &args, NULL, NULL) > 0;
}
