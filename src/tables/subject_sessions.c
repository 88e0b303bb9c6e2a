/*
 * subject_sessions.c
 *		Sessions of a subject, for what limits their number.
 */
#include "tables/subject_sessions.h"

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
