/*
 * impersonation.c
 *		Tokens for somebody who acts for the subject.
 *
 * What comes of it is an access token that says so (act), for minutes.  There is
 * nothing that outlives it: no refresh token, and no ID token either, which would
 * tell a client that the subject had authenticated.
 */
#include "operations/impersonation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/request.h"
#include "tables/audit.h"
#include "tokens/acting.h"

#define IMPERSONATOR "pgtoken_impersonator"
#define ACTOR_MAX 1024 /* bytes: it is in each token */

/*
 * The role that the session has, and not the owner of a function in between: one that
 * may issue must not lend this to whoever may call it.
 */
static void
check_role(void)
{
	Oid impersonator = get_role_oid(IMPERSONATOR, true);

	if (!OidIsValid(impersonator) || !has_privs_of_role(GetOuterUserId(), impersonator))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only members of the role " IMPERSONATOR " may issue tokens to an actor"),
				 errdetail("What counts is the role of the session, not that of a function.")));
}

static void
check_member(const char *name, const JsonbValue *value)
{
	if (value->type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("actor member \"%s\" must be a string", name),
						errhint("Give {\"sub\": \"...\"}, and what an API or the audit should know "
								"beside it.")));
	/* what acted before is not for the caller to say */
	if (strcmp(name, "act") == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("actor has a member \"act\", which only an exchange makes")));
	if (strncmp(name, ACTING_OURS, strlen(ACTING_OURS)) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("actor has a member whose name begins with \"" ACTING_OURS "\"")));
}

static void
check_members(Jsonb *actor)
{
	JsonbIterator *it = JsonbIteratorInit(&actor->root);
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			check_member(name, &value);
	}
}

static void
check_actor(Jsonb *actor, const char *subject)
{
	const char *sub;

	if (!JB_ROOT_IS_OBJECT(actor) || VARSIZE(actor) > ACTOR_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("actor must be a JSON object of at most %d bytes", ACTOR_MAX)));
	check_members(actor);
	sub = member_string(actor, "sub");
	request_subject(sub ? sub : "");
	if (strcmp(sub, subject) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the actor is the subject itself"),
						errhint("Leave actor out where nobody acts for the subject.")));
}

void
impersonation_begin(IssueRequest *request, Jsonb *actor)
{
	check_role();
	check_actor(actor, request->auth.subject);
	/* a proof of the subject's own would be lent to somebody else */
	if (request->transaction_id)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a step-up of the subject does not go on with an actor")));
	request->act = actor;
	request->impersonated = true;
	request->offline = false;
	request->lifespan.not_after = lifespan_end(
		&request->lifespan, moment_plus(GetCurrentTimestamp(), guc_impersonation_lifetime));
}

void
impersonation_audit(const IssueRequest *request, const Grant *grant)
{
	Object detail;
	Object personal;

	object_begin(&detail);
	object_time(&detail, "expires_at", grant->expires_at);
	object_begin(&personal);
	object_jsonb(&personal, "actor", request->act);
	audit_write(&(AuditEvent){.grant_id = &grant->grant_id,
							  .event = "impersonation.begun",
							  .client_id = request->client_id,
							  .subject = request->auth.subject,
							  .context = request->context,
							  .detail = object_end(&detail),
							  .personal = object_end(&personal)});
}
