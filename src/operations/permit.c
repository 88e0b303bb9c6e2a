/*
 * permit.c
 *		May a request go on?
 *
 * Nothing is consumed here: a request that may not go on leaves its refresh
 * token, and the factor that was proved for it, as they were.
 */
#include "operations/permit.h"

#include "base/counters.h"
#include "base/moment.h"
#include "base/object.h"
#include "core/risk/rules.h"
#include "tables/grant.h"
#include "tables/issuer.h"

static ChallengedRequest
challenged(const PermitRequest *request, const Grant *grant)
{
	return (ChallengedRequest){
		.grant_id = &grant->grant_id,
		.client = request->assessed.client,
		.subject = grant->auth.subject,
		.generation = request->generation,
		.context = request->assessed.context,
		.scope = request->assessed.scope,
		.resources = request->assessed.resources,
		.n_resources = request->assessed.n_resources,
	};
}

/* is it an answer that the client asks for again?  That of a token has been judged with the token. */
static bool
is_retry(const PermitRequest *request, const Grant *grant, const StepUp *proved)
{
	if (proved->consumed_generation != grant->generation)
		return false;
	if (request->assessed.retry)
		return true;
	return request->retry_window > 0 &&
		   (request->proved_before || moment_is_within(proved->consumed_at, request->retry_window,
													   request->entered, request->assessed.now));
}

/* take in the factor that was proved for the request */
static PgtErr
step_up(PermitRequest *request, Grant *grant, Permission *permission)
{
	const ChallengedRequest asked = challenged(request, grant);
	StepUp *proved = &permission->step_up;
	Requirement *requirements;
	int n_requirements = assess_requirements(&request->assessed, &requirements);
	PgtErr err = challenge_find(request->transaction_id, &asked, proved);

	if (err != PGT_OK)
		return err;
	request->assessed.factor_type = proved->factor_type;
	request->assessed.proved_at = proved->at;
	/* the family has it already */
	if (proved->consumed && !request->consumed_before)
		return is_retry(request, grant, proved) ? PGT_OK : PGT_ERR_CHALLENGE_CONSUMED;
	grant->auth = authentication_proved(issuer_get(request->assessed.client->issuer), &grant->auth,
										requirements, n_requirements, proved->acr, proved->amr,
										proved->n_amr, proved->at);
	permission->stepped_up = true;
	return PGT_OK;
}

static PgtErr
challenge(const PermitRequest *request, const Grant *grant, const Assessment *assessment,
		  TokenResponse *response)
{
	const ChallengedRequest asked = challenged(request, grant);

	if (!request->user_present)
		return PGT_ERR_NO_USER;
	return challenge_open(&asked, &grant->auth, assessment->requirements,
						  assessment->n_requirements, assessment->factor_types,
						  assessment->n_factor_types, response);
}

PgtErr
permit(PermitRequest *request, Grant *grant, Permission *permission, TokenResponse *response)
{
	Assessment assessment;
	PgtErr err;

	memset(permission, 0, sizeof(*permission));
	request->assessed.grant = grant;
	if (request->transaction_id)
	{
		err = step_up(request, grant, permission);
		if (err != PGT_OK)
			return err;
	}
	assess_request(&request->assessed, &assessment);
	permission->record = assessment.record;
	permission->personal = assessment.personal;
	permission->revoke = assessment.revoke;
	counters_add((request->assessed.first_issue ? COUNT_ISSUE_DECISIONS : COUNT_REFRESH_DECISIONS) +
				 assessment.decision);
	switch (assessment.decision)
	{
		case PGTC_ALLOW:
			break;
		case PGTC_REQUIRE:
			return challenge(request, grant, &assessment, response);
		case PGTC_DENY:
			return assessment.insufficient ? PGT_ERR_AUTHENTICATION_POLICY : PGT_ERR_POLICY_DENIED;
	}
	return PGT_OK;
}

static const char *
outcome(PgtErr err)
{
	if (err == PGT_ERR_MFA_REQUIRED)
		return "challenged";
	return errors_info(err)->http_status == 403 ? "denied" : "refused";
}

void
permit_audit_refusal(const char *act, PgtErr err, const Permission *permission, AuditEvent event)
{
	Object detail;

	if (event.event == NULL)
		event.event = psprintf("%s.%s", act, outcome(err));
	if (permission->record)
	{
		object_begin(&detail);
		object_jsonb(&detail, "decision", permission->record);
		if (event.detail)
			event.detail = object_concat(event.detail, object_end(&detail));
		else
			event.detail = object_end(&detail);
		event.personal = permission->personal;
	}
	audit_refusal(err, &event);
}
