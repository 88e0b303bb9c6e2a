/*
 * session_limit.c
 *		Use case: a subject has at most so many sessions, with a client and in all.
 */
#include "operations/session_limit.h"

#include "tables/audit.h"
#include "tables/issuer.h"

bool
session_limit_is_set(const Client *client)
{
	return client->sessions.max > 0 || issuer_get(client->issuer)->sessions.max > 0;
}

static bool
counts(const SubjectSession *session, bool here)
{
	return session->here || (!here && session->elsewhere);
}

/*
 * How many are too many for one more?  0: it is there already, and whatever was ended
 * before makes no room for it.
 */
static int
too_many(const SubjectSessions *all, const char *session_id, bool here, int max)
{
	int n = 0;

	if (max <= 0)
		return 0;
	for (int i = 0; i < all->n; i++)
	{
		if (!counts(&all->sessions[i], here))
			continue;
		if (session_id && strcmp(all->sessions[i].session_id, session_id) == 0)
			return 0;
		n++;
	}
	return Max(n - max + 1, 0);
}

/* takes so many out, the least recently used first; never the one that is to be */
static char **
take_oldest(SubjectSessions *all, const char *session_id, bool here, int n)
{
	char **taken = palloc(sizeof(char *) * (n + 1));
	int n_taken = 0;

	for (int i = 0; i < all->n && n_taken < n; i++)
	{
		SubjectSession *session = &all->sessions[i];

		if (!counts(session, here) || (session_id && strcmp(session->session_id, session_id) == 0))
			continue;
		taken[n_taken++] = session->session_id;
		session->here = false;
		session->elsewhere = here && session->elsewhere;
	}
	return taken;
}

PgtErr
session_limit_judge(const Client *client, const char *subject, const char *session_id,
					SessionsOver *over)
{
	const SessionLimit *in_all = &issuer_get(client->issuer)->sessions;
	SubjectSessions all;

	*over = (SessionsOver){0};
	subject_sessions_read(client->issuer, subject, client->client_id, &all);
	over->n_here = too_many(&all, session_id, true, client->sessions.max);
	if (over->n_here > 0 && client->sessions.refuse)
		return PGT_ERR_SESSION_LIMIT;
	over->here = take_oldest(&all, session_id, true, over->n_here);
	over->n_everywhere = too_many(&all, session_id, false, in_all->max);
	if (over->n_everywhere > 0 && in_all->refuse)
		return PGT_ERR_SESSION_LIMIT;
	over->everywhere = take_oldest(&all, session_id, false, over->n_everywhere);
	return PGT_OK;
}

bool
session_limit_refuses(const Client *client, const char *subject, const char *session_id)
{
	SessionsOver over;

	return session_limit_is_set(client) &&
		   session_limit_judge(client, subject, session_id, &over) != PGT_OK;
}

void
session_limit_end(const Client *client, const char *subject, const SessionsOver *over,
				  Jsonb *context)
{
	const char *reason = errors_info(PGT_ERR_SESSION_LIMIT)->reason;
	const AuditScope scope = {
		.client_id = client->client_id, .subject = subject, .context = context};

	if (over->n_here == 0 && over->n_everywhere == 0)
		return;
	audit_enter(&scope);
	subject_sessions_end(client->issuer, subject, client->client_id, over, reason);
	audit_leave();
}
