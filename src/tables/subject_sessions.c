/*
 * subject_sessions.c
 *		Sessions of a subject, for what limits their number.
 */
#include "tables/subject_sessions.h"

#include "access/xact.h"

#include "base/store.h"

static StoreQuery sessions_read_query =
	STORE_QUERY("subject sessions read", STORE_READS_LATEST,
				"SELECT s.session_id, s.here, s.elsewhere FROM pgtoken.sessions_at($1, $2, $3) s");

static void
read_session(StoreRow *row, void *arg)
{
	SubjectSessions *out = arg;
	SubjectSession *session;

	if (out->n == out->size)
	{
		out->size = Max(2 * out->size, 16);
		out->sessions = out->sessions ? repalloc(out->sessions, sizeof(SubjectSession) * out->size)
									  : palloc(sizeof(SubjectSession) * out->size);
	}
	session = &out->sessions[out->n++];
	session->session_id = store_text(row);
	session->here = store_bool(row);
	session->elsewhere = store_bool(row);
}

void
subject_sessions_read(const char *issuer, const char *subject, const char *client_id,
					  SubjectSessions *out)
{
	StoreArgs args = {0};

	*out = (SubjectSessions){0};
	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, client_id);
	store_run(&sessions_read_query, &args, read_session, out);
}

static StoreQuery sessions_end_query =
	STORE_QUERY("subject sessions end", STORE_READS,
				"SELECT pgtoken.end_sessions_at_limit($1, $2, $3, $4, $5, $6)");

void
subject_sessions_end(const char *issuer, const char *subject, const char *client_id,
					 const SessionsOver *over, const char *reason)
{
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, subject);
	store_arg_text(&args, client_id);
	store_arg_texts(&args, over->here, over->n_here);
	store_arg_texts(&args, over->everywhere, over->n_everywhere);
	store_arg_text(&args, reason);
	store_run(&sessions_end_query, &args, NULL, NULL);
}

#define OPEN_OF_SUBJECT                                                                     \
	"SELECT g.grant_id FROM pgtoken.grants g WHERE g.subject" EQ                            \
	"$1 AND g.revoked_at IS NULL UNION ALL "                                                \
	"SELECT a.grant_id FROM pgtoken.authorization_codes a WHERE a.subject" EQ               \
	"$1 AND a.redeemed_at IS NULL UNION ALL "                                               \
	"SELECT d.family_id FROM pgtoken.device_codes d WHERE d.subject" EQ "$1 AND d.state" EQ \
	"'approved'"

static StoreQuery open_seen_query =
	STORE_QUERY("subject open seen", STORE_READS,
				"SELECT pg_catalog.array_agg(o.grant_id) FROM (" OPEN_OF_SUBJECT ") o");

static StoreQuery open_unseen_query = STORE_QUERY(
	"subject open unseen", STORE_READS_LATEST,
	"SELECT true FROM (" OPEN_OF_SUBJECT ") o WHERE (o.grant_id OPERATOR(pg_catalog.<>) ALL ($2)) "
	"IS NOT FALSE LIMIT 1");

typedef struct Seen
{
	pg_uuid_t *ids;
	int n;
} Seen;

static void
read_seen(StoreRow *row, void *arg)
{
	Seen *seen = arg;

	seen->ids = store_uuids(row, &seen->n);
}

void
subject_sessions_check_snapshot(const char *subject)
{
	Seen seen = {NULL, 0};
	StoreArgs args = {0};
	StoreArgs latest = {0};

	if (!IsolationUsesXactSnapshot())
		return;
	store_arg_text(&args, subject);
	store_run(&open_seen_query, &args, read_seen, &seen);
	store_arg_text(&latest, subject);
	store_arg_uuids(&latest, seen.ids, Max(seen.n, 0));
	if (store_run(&open_unseen_query, &latest, NULL, NULL) > 0)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access due to concurrent sign-in"),
						errhint("The transaction might succeed if retried.")));
}
