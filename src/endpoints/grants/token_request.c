/*
 * token_request.c
 *		What the grant types of the token endpoint share.
 */
#include "endpoints/grants/token_request.h"

#include "base/object.h"
#include "base/place.h"
#include "base/shard.h"
#include "http/hop.h"
#include "step_up/challenge.h"
#include "tables/audit.h"
#include "tokens/authorization_details.h"
#include "tokens/target.h"

IssueRequest
token_request_issue(const TokenRequest *request, GrantType type)
{
	IssueRequest issue = {0};

	issue.grant_type = grant_type_name(type);
	issue.no_user = !grant_type_has_user(issue.grant_type);
	issue.client_id = request->client->client_id;
	issue.client_auth_method = request->client->authenticated_by;
	issue.client_secret_id = request->client->proved_secret;
	issue.scope = request->scope;
	issue.resources = request->resources;
	issue.n_resources = request->n_resources;
	issue.auth.auth_time = AUTHENTICATED_NOW;
	issue.auth.n_amr = -1;
	issue.cnf = request->cnf;
	issue.transaction_id = http_param(request->x, "transaction_id");
	issue.auth.claims = object_empty();
	issue.context = request->context;
	return issue;
}

PgtErr
token_request_narrow(const TokenRequest *request, char **granted, int n_granted,
					 IssueRequest *issue)
{
	int n_resources = request->n_resources;
	PgtErr err =
		target_within(request->client, request->resources, &n_resources, granted, n_granted);

	if (err != PGT_OK)
		return err;
	issue->resources = granted;
	issue->n_resources = n_granted;
	issue->first_resources = request->resources;
	issue->n_first_resources = n_resources;
	issue->details = http_param(request->x, "authorization_details");
	return PGT_OK;
}

PgtErr
token_request_details(const TokenRequest *request, IssueRequest *issue)
{
	return authorization_details_read(request->client, issue->auth.subject,
									  http_param(request->x, "authorization_details"),
									  &issue->auth.details);
}

PgtErr
token_request_judge_expired(const TokenRequest *request, const pg_uuid_t *grant_id,
							const char *subject, PgtErr expired)
{
	const ChallengedRequest challenged = {.grant_id = grant_id,
										  .client = request->client,
										  .subject = subject,
										  .generation = -1,
										  .context = request->context};
	const char *transaction_id = http_param(request->x, "transaction_id");
	StepUp step_up;
	PgtErr err;

	if (transaction_id == NULL)
		return expired;
	err = challenge_find(transaction_id, &challenged, &step_up);
	if (err == PGT_ERR_CHALLENGE_UNKNOWN || (err == PGT_OK && step_up.consumed))
		return expired;
	return err;
}

PgtErr
token_request_follow(const TokenRequest *request, const char *subject, Jsonb *carried)
{
	uint32 placement;

	if (shard_here().count == 0)
		return PGT_OK;
	placement = place_of_subject(subject);
	return shard_is_here(placement) ? PGT_OK : hop_to(request->x, placement, carried);
}

void
token_request_refuse(const TokenRequest *request, const char *event, PgtErr err,
					 const pg_uuid_t *grant_id, const char *subject, TokenResponse *response)
{
	response->err = err;
	audit_refusal(err, &(AuditEvent){.grant_id = grant_id,
									 .event = event,
									 .client_id = request->client->client_id,
									 .subject = subject,
									 .context = request->context});
}
