/*
 * assess.c
 *		What is to be thought of a request.
 *
 * The riskiest outcome wins, over all rules of all policies.  Everything that
 * spoke is recorded, nothing of it is told to the client.  A policy in the shadow
 * is evaluated and recorded like the others and decides nothing.
 */
#include "step_up/assess.h"

#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "base/lifetime.h"
#include "base/object.h"
#include "base/request.h"
#include "base/strings.h"
#include "core/risk/rules.h"
#include "step_up/rule_evaluation.h"
#include "tables/issuer.h"
#include "tables/policy.h"
#include "tables/resource.h"

/* n < 0: any will do */
static bool
names(char *const *list, int n, const char *value)
{
	return n < 0 || strings_have(list, n, value);
}

/*
 * Is the request in the policy's scope of use?  The family's APIs count, not those
 * that this one token is for: otherwise a token for another of them would become
 * the context with which the next request is compared.
 */
static bool
applies(const Policy *policy, const AssessedRequest *request)
{
	const Grant *grant = request->grant;
	bool about = policy->n_resources < 0;

	if (strcmp(policy->issuer, request->client->issuer) != 0 ||
		!(request->first_issue ? policy->on_issue : policy->on_refresh) ||
		!names(policy->client_ids, policy->n_client_ids, request->client->client_id) ||
		!names(policy->grant_types, policy->n_grant_types, grant->grant_type))
		return false;
	for (int i = 0; !about && i < grant->n_resources; i++)
		about = names(policy->resources, policy->n_resources, grant->resources[i]);
	return about;
}

int
assess_requirements(const AssessedRequest *request, Requirement **out)
{
	Requirement *requirements = palloc(sizeof(Requirement) * (request->n_resources + 1));
	int n = 0;

	*out = requirements;
	/* where nobody has authenticated, nobody can be asked to do it better */
	if (request_subject_is_client(request->grant->auth.subject))
		return 0;
	for (int i = 0; i < request->n_resources; i++)
	{
		const Resource *resource = resource_find(request->client->issuer, request->resources[i]);

		if (resource && (resource->n_required_acr > 0 || resource->n_required_amr > 0 ||
						 resource->max_age.given))
			requirements[n++] = (Requirement){
				.resource = resource->resource,
				.version = resource->policy_version,
				.can_step_up = resource->can_step_up,
				.acr_values = resource->required_acr,
				.n_acr_values = resource->n_required_acr,
				.amr = resource->required_amr,
				.n_amr = resource->n_required_amr,
				.max_age = lifetime_seconds(&resource->max_age, -1),
			};
	}
	if (request->asked)
		requirements[n++] = *request->asked;
	return n;
}

/* the worst that one of them comes to; what is not satisfied is added to the record */
static PgtcDecision
judge_requirements(const AssessedRequest *request, const Authentication *authentication,
				   Assessment *out, Object *record)
{
	const Issuer *issuer = issuer_get(request->client->issuer);
	TimestampTz at = request->factor_type ? request->proved_at : request->now;
	PgtcDecision worst = PGTC_ALLOW;
	Object array;

	object_array_begin(&array);
	for (int i = 0; i < out->n_requirements; i++)
	{
		const Requirement *requirement = &out->requirements[i];
		Object object;

		if (authentication_satisfies(issuer, authentication, requirement, at))
			continue;
		worst = Max(worst, requirement->can_step_up ? PGTC_REQUIRE : PGTC_DENY);
		object_begin(&object);
		object_string(
			&object, "outcome",
			pgtc_rules_decision_name(requirement->can_step_up ? PGTC_REQUIRE : PGTC_DENY));
		object_string(&object, "resource", requirement->resource);
		if (requirement->resource)
			object_int(&object, "policy_version", requirement->version);
		if (requirement->n_acr_values > 0)
			object_strings(&object, "acr_values", requirement->acr_values,
						   requirement->n_acr_values);
		if (requirement->n_amr > 0)
			object_strings(&object, "amr", requirement->amr, requirement->n_amr);
		if (requirement->max_age >= 0)
			object_int(&object, "max_age", requirement->max_age);
		object_array_add(&array, object_end(&object));
	}
	if (worst != PGTC_ALLOW)
		object_jsonb(record, "requirements", object_array_end(&array));
	return worst;
}

/* what is left of the factor types when one more policy has its say */
static void
narrow_factor_types(const Policy *policy, Assessment *out)
{
	char **both;
	int n = 0;

	if (policy->n_factor_types < 0)
		return;
	both = palloc(sizeof(char *) * Max(policy->n_factor_types, 1));
	for (int i = 0; i < policy->n_factor_types; i++)
	{
		if (names(out->factor_types, out->n_factor_types, policy->factor_types[i]))
			both[n++] = policy->factor_types[i];
	}
	out->factor_types = both;
	out->n_factor_types = n;
}

/* has the factor that was proved answered what the policy asks for? */
static bool
satisfied_by(const Policy *policy, const char *factor_type)
{
	return factor_type && names(policy->factor_types, policy->n_factor_types, factor_type);
}

static Jsonb *
judge_policy(const Policy *policy, RiskCase *risk, PgtcDecision *decision, Jsonb **reasons,
			 bool *said)
{
	Jsonb *fired;
	Object object;

	*decision = rule_evaluation_run(&policy->rules, policy->allow_on_error,
									policy->function_timeout, risk, &fired, reasons, said);
	object_begin(&object);
	object_string(&object, "policy", policy->policy);
	object_int(&object, "version", policy->version);
	object_string(&object, "mode", policy->shadow ? "shadow" : "active");
	object_string(&object, "decision", pgtc_rules_decision_name(*decision));
	object_jsonb(&object, "rules", fired);
	return object_end(&object);
}

static PgtcDecision
judge_policies(const AssessedRequest *request, RiskCase *risk, Assessment *out, Object *record)
{
	PgtcDecision riskiest = PGTC_ALLOW;
	bool fired = false;
	Object array;
	Object reasons_array;
	Object personal;

	object_array_begin(&array);
	object_array_begin(&reasons_array);
	for (const Policy *policy = policy_list(); policy; policy = policy->next)
	{
		PgtcDecision decision;
		Jsonb *reasons;
		bool said;

		if (!applies(policy, request))
			continue;
		object_array_add(&array, judge_policy(policy, risk, &decision, &reasons, &said));
		object_array_add(&reasons_array, reasons);
		fired = fired || JB_ROOT_COUNT(reasons) > 0;
		if (policy->shadow)
			continue;
		if (decision == PGTC_REQUIRE && satisfied_by(policy, request->factor_type))
			decision = PGTC_ALLOW;
		if (decision == PGTC_REQUIRE)
			narrow_factor_types(policy, out);
		/* a function that has failed knows nothing of who presents the token */
		if (decision == PGTC_DENY && said && policy->revoke_on_deny)
			out->revoke = true;
		riskiest = Max(riskiest, decision);
	}
	object_jsonb(record, "policies", object_array_end(&array));
	if (fired)
	{
		object_begin(&personal);
		object_jsonb(&personal, "reasons", object_array_end(&reasons_array));
		out->personal = object_end(&personal);
	}
	return riskiest;
}

static bool
something_to_judge(const AssessedRequest *request, const Assessment *out)
{
	if (out->n_requirements > 0)
		return true;
	for (const Policy *policy = policy_list(); policy; policy = policy->next)
	{
		if (applies(policy, request))
			return true;
	}
	return false;
}

/* the facts that a simulation cannot know from elsewhere */
static void
describe_request(const AssessedRequest *request, const RiskCase *risk,
				 const Authentication *authentication, Object *record)
{
	object_bool(record, "retry", request->retry);
	object_string(record, "grant_type", risk->grant_type);
	object_strings(record, "resources", risk->resources, risk->n_resources);
	if (!TIMESTAMP_IS_NOBEGIN(authentication->auth_time))
		object_time(record, "auth_time", authentication->auth_time);
	if (!TIMESTAMP_IS_NOBEGIN(risk->mfa_at))
		object_time(record, "mfa_time", risk->mfa_at);
	object_string(record, "acr", authentication->acr);
	if (authentication->n_amr >= 0)
		object_strings(record, "amr", authentication->amr, authentication->n_amr);
	if (!request->first_issue)
		object_time(record, "last_at", risk->last_at);
	if (request->factor_type)
		object_bool(record, "step_up", true);
	if (risk->act)
		object_bool(record, "on_behalf", true);
}

static void
begin_case(const AssessedRequest *request, const Authentication *authentication, RiskCase *risk)
{
	const Grant *grant = request->grant;

	memset(risk, 0, sizeof(*risk));
	risk->grant_id = &grant->grant_id;
	risk->client_id = grant->client_id;
	risk->subject = grant->auth.subject;
	risk->grant_type = grant->grant_type;
	risk->resources = grant->resources;
	risk->n_resources = grant->n_resources;
	risk->context = request->context;
	risk->act = grant->act;
	if (!request->first_issue)
	{
		risk->last_context = grant->context;
		risk->first_context = grant->first_context;
		risk->last_at = grant->rotated_at;
		risk->generation = grant->generation;
	}
	risk->retry = request->retry;
	risk->at = request->now;
	risk->mfa_at = authentication->mfa_time;
	rule_evaluation_prepare(risk);
}

Jsonb *
assess_policy(const Policy *policy, const AssessedRequest *request, PgtcDecision *decision)
{
	RiskCase risk;
	Jsonb *reasons;
	bool said;

	if (!applies(policy, request))
		return NULL;
	begin_case(request, &request->grant->auth, &risk);
	return judge_policy(policy, &risk, decision, &reasons, &said);
}

void
assess_request(const AssessedRequest *request, Assessment *out)
{
	const Authentication *authentication = &request->grant->auth;
	PgtcDecision risk_decision;
	PgtcDecision authentication_decision;
	RiskCase risk;
	Object record;
	instr_time start;
	instr_time end;

	memset(out, 0, sizeof(*out));
	out->n_factor_types = -1;
	out->n_requirements = assess_requirements(request, &out->requirements);
	if (!something_to_judge(request, out))
		return;

	INSTR_TIME_SET_CURRENT(start);
	begin_case(request, authentication, &risk);
	object_begin(&record);
	describe_request(request, &risk, authentication, &record);
	risk_decision = judge_policies(request, &risk, out, &record);
	authentication_decision = judge_requirements(request, authentication, out, &record);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);

	out->decision = Max(risk_decision, authentication_decision);
	out->insufficient = risk_decision != PGTC_DENY && authentication_decision == PGTC_DENY;
	object_string(&record, "decision", pgtc_rules_decision_name(out->decision));
	object_int(&record, "latency_us", (int64) INSTR_TIME_GET_MICROSEC(end));
	out->record = object_end(&record);
}
