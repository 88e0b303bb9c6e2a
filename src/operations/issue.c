/*
 * issue.c
 *		Use case: issue tokens, start a family.
 *
 * The caller has authenticated the subject.  A protocol error is returned and
 * leaves an audit event at most (and a step-up transaction, where that is the
 * answer); nothing else is written then.
 */
#include "operations/issue.h"

#include "base/cache.h"
#include "base/configuration.h"
#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/session_lock.h"
#include "base/shard.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/base/uuid.h"
#include "core/oauth/refresh_token.h"
#include "operations/impersonation.h"
#include "operations/permit.h"
#include "operations/session_limit.h"
#include "step_up/challenge.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/grant_type.h"
#include "tables/issuer.h"
#include "tables/not_before.h"
#include "tables/registration.h"
#include "tables/status_index.h"
#include "tables/subject_block.h"
#include "tokens/authorization_details.h"
#include "tokens/mint.h"
#include "tokens/target.h"

/* one issue, as far as it has come */
typedef struct Issue
{
	const Client *client;
	TimestampTz now;
	Target target;
	Grant grant;
	SessionsOver sessions_over; /* that end for it to begin */
	Permission permission;
	Minted minted;
} Issue;

static void
refuse(const IssueRequest *request, const Issue *issue, PgtErr err, TokenResponse *response)
{
	response->err = err;
	/* a transaction names the family that would come into being */
	permit_audit_refusal(
		"issue", err, &issue->permission,
		(AuditEvent){.grant_id = response->transaction_id ? &issue->grant.grant_id : NULL,
					 .client_id = request->client_id,
					 .subject = request->auth.subject,
					 .context = request->context});
}

static PgtErr
judge(const IssueRequest *request, const Client **client, Target *target)
{
	bool by_code = strcmp(request->grant_type, grant_type_name(GRANT_TYPE_AUTHORIZATION_CODE)) == 0;
	PgtErr err;

	*client = client_find(request->client_id);
	if (*client == NULL)
		return refused(PGT_ERR_ISSUE_CLIENT_UNKNOWN, "client_id", request->client_id, NULL);
	if (!(*client)->enabled)
		return PGT_ERR_ISSUE_CLIENT_DISABLED;
	err =
		target_for_issue(*client, request->scope, request->resources, request->n_resources,
						 (request->offline ? TARGET_OFFLINE : 0) |
							 (request->no_user ? TARGET_NO_USER : 0) | (by_code ? TARGET_CODE : 0),
						 target);
	if (err == PGT_OK && by_code)
		err = target_for_operator(*client, request->auth.subject, target);
	return err;
}

/* what comes without offline_access ends with the sign-in session, for a client that is registered so */
static bool
gets_refresh_token(const IssueRequest *request, const Client *client, const Target *target)
{
	return target->offline_access || (request->offline && client->session_refresh);
}

static PgtErr
judge_subject(const IssueRequest *request, const Client *client)
{
	if (!subject_block_holds(client->issuer, request->auth.subject) &&
		!(request->impersonated &&
		  subject_block_holds(client->issuer, member_string(request->act, "sub"))))
		return PGT_OK;
	return request->client_auth_method ? PGT_ERR_SUBJECT_BLOCKED : PGT_ERR_ISSUE_SUBJECT_BLOCKED;
}

/* of what a sign-in came from, what a person knows it by again: no more is kept */
static Jsonb *
first_context(const IssueRequest *request)
{
	char *ip = request->signed_in_context ? member_string(request->signed_in_context, "ip") : NULL;
	char *user_agent =
		request->signed_in_context ? member_string(request->signed_in_context, "user_agent") : NULL;
	Object sign_in;
	Object more;

	if (ip == NULL && user_agent == NULL)
		return request->context;
	object_begin(&sign_in);
	object_string(&sign_in, "ip", ip);
	object_string(&sign_in, "user_agent", user_agent);
	object_begin(&more);
	object_jsonb(&more, "sign_in", object_end(&sign_in));
	return object_concat(request->context, object_end(&more));
}

static void
start_family(const IssueRequest *request, const Client *client, const Target *target,
			 TimestampTz now, Grant *grant)
{
	bool refreshable = gets_refresh_token(request, client, target);

	shard_require_subject(request->auth.subject);
	if (request->grant_id)
		grant->grant_id = *request->grant_id;
	else if (request->transaction_id == NULL ||
			 !challenge_grant_id(request->transaction_id, &grant->grant_id))
		place_uuid(place_of_subject(request->auth.subject), &grant->grant_id);
	grant->client_id = client->client_id;
	grant->auth = authentication_begin(&request->auth, now);
	grant->scope = target->scope;
	grant->resources = target->resources;
	grant->n_resources = target->n_resources;
	grant->nonce = unconstify(char *, request->nonce);
	grant->claims_request = request->claims_request;
	grant->context = request->context;
	grant->first_context = first_context(request);
	grant->not_before = DT_NOBEGIN;
	grant->changed_at = DT_NOBEGIN;
	if (request->begun)
		grant->begun = *request->begun;
	else
		not_before_begin(client, now, &grant->begun);
	grant->rotated_at = now;
	grant->generation = refreshable ? 0 : -1;
	/* without a refresh token the family ends with its only access token */
	grant->expires_at = lifespan_end(
		&request->lifespan, moment_plus(now, refreshable ? client->refresh_absolute_lifetime
														 : target->access_token_lifetime));
	grant->idle_lifetime =
		lifespan_idle_lifetime(&request->lifespan, client->refresh_idle_lifetime);
	grant->grant_type = unconstify(char *, request->grant_type);
	grant->cnf = request->cnf;
	grant->act = request->act;
	grant->ancestors = unconstify(pg_uuid_t *, request->ancestors);
	grant->n_ancestors = request->n_ancestors;
	grant->ancestor_tokens = request->ancestor_tokens;
}

/* generation 0: its secret comes from nothing but chance */
static char *
first_refresh_token(Grant *grant)
{
	PgtcRefreshToken token = {.generation = 0};
	char *written = palloc(PGTC_REFRESH_TOKEN_LEN + 1);

	memcpy(token.grant_id, grant->grant_id.data, PGTC_UUID_LEN);
	random_bytes(token.secret, sizeof(token.secret));
	glue_check(pgtc_crypto_sha256(token.secret, sizeof(token.secret), grant->current_hash),
			   "hashing a secret");
	pgtc_refresh_token_write(&token, written);
	pgtc_crypto_wipe(&token, sizeof(token));
	return written;
}

/* somebody signs in: what is exchanged, asserted or done for another is no session of the subject's */
static bool
has_limit(const IssueRequest *request, const Client *client)
{
	return request->offline && request->act == NULL && session_limit_is_set(client);
}

/* before anything of the subject's is locked or looked at */
static PgtErr
enter_session(const IssueRequest *request, Issue *issue)
{
	const Authentication *auth = &request->auth;

	if (request->no_user)
		return PGT_OK;
	if (!has_limit(request, issue->client))
	{
		session_lock_issue(issue->client->issuer, auth->subject, auth->session_id);
		return PGT_OK;
	}
	session_lock_issue_alone(issue->client->issuer, auth->subject, auth->session_id);
	return session_limit_judge(issue->client, auth->subject, auth->session_id,
							   &issue->sessions_over);
}

/* the family that would come into being; a step-up transaction has named it already */
static PgtErr
prepare(const IssueRequest *request, Issue *issue)
{
	PgtErr err = judge(request, &issue->client, &issue->target);

	if (err == PGT_OK)
		err = judge_subject(request, issue->client);
	if (err != PGT_OK)
		return err;
	err = enter_session(request, issue);
	if (err != PGT_OK)
		return err;
	if (request->impersonated)
		issue->target.openid = false;
	issue->now = GetCurrentTimestamp();
	start_family(request, issue->client, &issue->target, issue->now, &issue->grant);
	/* a code that has expired goes on after a step-up, but not beyond the end of its family */
	if (issue->grant.expires_at <= issue->now)
		return PGT_ERR_FAMILY_EXPIRED;
	if (request->n_first_resources > 0)
		err = target_for_refresh(issue->client, &issue->grant, NULL, request->first_resources,
								 request->n_first_resources, &issue->target);
	return err == PGT_OK ? authorization_details_narrow(issue->grant.auth.details, request->details,
														&issue->target.details)
						 : err;
}

static PgtErr
permit_issue(const IssueRequest *request, Issue *issue, TokenResponse *response)
{
	PermitRequest permit_request = {
		.assessed =
			{
				.client = issue->client,
				.first_issue = true,
				.scope = issue->target.scope,
				.resources = issue->target.resources,
				.n_resources = issue->target.n_resources,
				.context = request->context,
				.now = issue->now,
			},
		.generation = -1,
		.transaction_id = request->transaction_id,
		/* a client's own token has no user, and that of an exchanged one, or acted for, is elsewhere */
		.user_present = !request->no_user && request->n_ancestors == 0 && !request->impersonated,
	};

	return permit(&permit_request, &issue->grant, &issue->permission, response);
}

/* its tokens say where its status is to be read; for good, since a refresh only copies it */
static void
give_status_index(const IssueRequest *request, Issue *issue)
{
	const Issuer *issuer = issuer_get(issue->client->issuer);

	if (issuer->status_lists)
		status_index_take(issuer, request->auth.subject, issue->now, &issue->grant.status_series,
						  &issue->grant.status_position);
}

/* before anything is stored or used up: the application's claims may make it impossible */
static PgtErr
sign(const IssueRequest *request, Issue *issue)
{
	give_status_index(request, issue);
	return mint_tokens(&(MintRequest){.client = issue->client,
									  .grant = &issue->grant,
									  .target = &issue->target,
									  .now = issue->now,
									  .first_issue = true,
									  .at_endpoint = request->client_auth_method != NULL},
					   &issue->minted);
}

bool
issue_assess(IssueRequest *request, TokenResponse *response)
{
	Issue *issue = palloc0(sizeof(Issue));
	PgtErr err;

	cache_begin();
	err = configuration_check_fresh();
	if (err == PGT_OK)
		err = prepare(request, issue);
	if (err == PGT_OK)
		err = permit_issue(request, issue, response);
	if (err == PGT_OK)
		err = sign(request, issue);
	if (err != PGT_OK)
	{
		refuse(request, issue, err, response);
		return false;
	}
	request->prepared = issue;
	return true;
}

void
issue_tokens(IssueRequest *request, TokenResponse *response)
{
	AuditScope scope = {.client_id = request->client_id,
						.client_auth_method = request->client_auth_method,
						.subject = request->auth.subject,
						.context = request->context,
						.answers = true};
	Issue *issue;
	Grant *grant;
	char *refresh_token = NULL;
	TimestampTz refresh_end;

	if (request->prepared == NULL && !issue_assess(request, response))
		return;
	issue = request->prepared;
	grant = &issue->grant;
	refresh_end = grant_refresh_end(grant, issue->now);
	scope.decision = issue->permission.record;
	scope.personal = issue->permission.personal;
	if (grant->generation == 0)
		refresh_token = first_refresh_token(grant);
	store_make_durable();
	audit_enter(&scope);
	if (issue->permission.stepped_up &&
		!challenge_consume(&grant->grant_id, &issue->permission.step_up, 0))
	{
		audit_leave();
		refuse(request, issue, PGT_ERR_CHALLENGE_CONSUMED, response);
		return;
	}
	session_limit_end(issue->client, request->auth.subject, &issue->sessions_over,
					  request->context);
	grant_insert(grant);
	if (request->impersonated)
		impersonation_audit(request, grant);
	mint_record(&issue->minted,
				&(LineageRow){.parent_generation = -1,
							  .token_hash = grant->generation == 0 ? grant->current_hash : NULL,
							  .refresh_expires_at = refresh_end,
							  .context = request->context,
							  .client_secret_id = request->client_secret_id});
	audit_leave();
	registration_used(issue->client); /* last: whoever waits here holds all else already */

	mint_answer(&issue->minted, refresh_token, refresh_end, response);
}
