/*
 * issue.c
 *		Use case: issue tokens, start a family.
 *
 * The caller has authenticated the subject.  A protocol error is returned and
 * leaves an audit event at most; nothing else is written then.
 */
#include "issue.h"

#include "audit.h"
#include "cache.h"
#include "client.h"
#include "core/claims.h"
#include "core/ids.h"
#include "glue.h"
#include "grant.h"
#include "lineage.h"
#include "mint.h"
#include "request.h"
#include "store.h"
#include "target.h"

static void
refuse(const IssueRequest *request, PgtErr err, TokenResponse *response)
{
	const PgtErrInfo *info = pgt_err_info(err);

	if (info->audited)
		pgt_audit_write(&(AuditEvent){.event = "issue.refused",
									  .reason = info->reason,
									  .client_id = request->client_id,
									  .subject = request->subject,
									  .context = request->context});
	response->err = err;
}

static PgtErr
judge(const IssueRequest *request, const Client **client, Target *target)
{
	*client = client_find(request->client_id);
	if (*client == NULL)
		return PGT_ERR_CLIENT_UNKNOWN;
	if (!(*client)->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	return target_for_issue(
		*client, request->scope, request->resources, request->n_resources,
		(request->offline ? TARGET_OFFLINE : 0) | (request->no_user ? TARGET_NO_USER : 0), target);
}

static void
start_family(const IssueRequest *request, const Client *client, const Target *target,
			 TimestampTz now, Grant *grant)
{
	if (request->grant_id)
		grant->grant_id = *request->grant_id;
	else
		pgt_new_uuid(&grant->grant_id);
	grant->client_id = client->client_id;
	grant->subject = unconstify(char *, request->subject);
	grant->scope = target->scope;
	grant->resources = target->resources;
	grant->n_resources = target->n_resources;
	grant->session_id = unconstify(char *, request->session_id);
	grant->auth_time = request->has_auth_time ? request->auth_time : now;
	/* nobody has authenticated but the client itself (RFC 9068 section 2.2.1) */
	if (request_subject_is_client(request->subject))
		grant->auth_time = DT_NOBEGIN;
	grant->acr = unconstify(char *, request->acr);
	grant->amr = request->amr;
	grant->n_amr = request->n_amr;
	grant->nonce = unconstify(char *, request->nonce);
	grant->claims = request->claims;
	grant->context = request->context;
	grant->created_at = now;
	grant->rotated_at = now;
	grant->generation = target->offline_access ? 0 : -1;
	/* without a refresh token the family ends with its only access token */
	grant->expires_at =
		pgt_plus_seconds(now, target->offline_access ? client->refresh_absolute_lifetime
													 : target->access_token_lifetime);
	if (request->not_after)
		grant->expires_at = Min(grant->expires_at, request->not_after);
	grant->idle_lifetime = client->refresh_idle_lifetime;
	grant->grant_type = request->grant_type;
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
	pgt_random(token.secret, sizeof(token.secret));
	pgt_check(pgtc_sha256(token.secret, sizeof(token.secret), grant->current_hash),
			  "hashing a secret");
	pgtc_refresh_token_write(&token, written);
	pgtc_wipe(&token, sizeof(token));
	return written;
}

void
issue_tokens(const IssueRequest *request, TokenResponse *response)
{
	const AuditScope scope = {request->client_id, request->subject, request->context, false};
	const Client *client;
	TimestampTz now = GetCurrentTimestamp();
	Target target = {0};
	Grant grant = {0};
	Minted minted;
	PgtErr err;

	pgt_cache_begin();
	err = judge(request, &client, &target);
	if (err != PGT_OK)
	{
		refuse(request, err, response);
		return;
	}

	start_family(request, client, &target, now, &grant);
	if (request->n_first_resources > 0)
		err = target_for_refresh(client, &grant, NULL, request->first_resources,
								 request->n_first_resources, &target);
	if (err != PGT_OK)
	{
		refuse(request, err, response);
		return;
	}
	if (grant.generation == 0)
		response->refresh_token = first_refresh_token(&grant);
	mint_tokens(client, &grant, &target, now, true, &minted);

	store_make_durable();
	pgt_audit_enter(&scope);
	grant_insert(&grant);
	lineage_insert(&(LineageRow){
		.grant_id = &grant.grant_id,
		.generation = 0,
		.issued_at = now,
		.parent_generation = -1,
		.token_hash = grant.generation == 0 ? grant.current_hash : NULL,
		.jti = minted.jti,
		.kid = minted.kid,
		.access_expires_at = minted.expires_at,
		.refresh_expires_at = grant_refresh_end(&grant, now),
		.scope = target.scope,
		.resources = target.resources,
		.n_resources = target.n_resources,
		.decision = "allow",
		.context = request->context,
	});
	pgt_audit_leave();

	response->access_token = minted.access_token;
	response->dpop_bound = grant.cnf.jkt != NULL;
	response->expires_in = minted.expires_in;
	response->refresh_token_expires_in =
		pgt_unix_seconds(grant_refresh_end(&grant, now)) - pgt_unix_seconds(now);
	response->id_token = minted.id_token;
	response->scope = target.scope;
	response->grant_id = grant.grant_id;
}
