/*
 * policies.c
 *		SQL-callable functions of risk policies.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/risk/rules.h"
#include "step_up/assess.h"
#include "step_up/challenge.h"
#include "tables/grant_type.h"
#include "tables/issuer.h"
#include "tables/policy.h"

PG_FUNCTION_INFO_V1(pgt_judge_recorded);
PG_FUNCTION_INFO_V1(pgt_policy_rule_members);
PG_FUNCTION_INFO_V1(pgt_policy_rules_problem);

Datum
pgt_policy_rules_problem(PG_FUNCTION_ARGS)
{
	PgtcRules rules;
	char problem[PGTC_PROBLEM_MAX];

	if (pgtc_rules_read(pgtc_slice_str(object_text(PG_GETARG_JSONB_P(0))), &glue_mem, &rules,
						problem) != PGTC_OK)
		PG_RETURN_TEXT_P(cstring_to_text(problem));
	pgtc_rules_free(&rules, &glue_mem);
	PG_RETURN_NULL();
}

static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* member NULL: a kind that has none of its own */
static void
put_rule_member(ReturnSetInfo *result, const PgtcRuleForm *form)
{
	ArrayBuildState *words = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	Datum values[8];
	bool nulls[8] = {false};

	put_text(values, nulls, 0, pgtc_rules_name(form->kind));
	put_text(values, nulls, 1, pgtc_rules_fires_when(form->kind));
	put_text(values, nulls, 2, form->member);
	values[3] = BoolGetDatum(form->required);
	put_text(values, nulls, 4, form->form);
	put_text(values, nulls, 5, form->fallback);
	for (int i = 0; form->words[i] != NULL; i++)
		accumArrayResult(words, CStringGetTextDatum(form->words[i]), false, TEXTOID,
						 CurrentMemoryContext);
	nulls[6] = form->words[0] == NULL;
	values[6] = makeArrayResult(words, CurrentMemoryContext);
	put_text(values, nulls, 7, form->expected);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pgt_policy_rule_members(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int kind = 0; kind < pgtc_rules_kinds(); kind++)
	{
		PgtcRuleForm none = {.kind = (PgtcRuleKind) kind};
		PgtcRuleForm form;
		bool any = false;

		for (int i = 0; pgtc_rules_form(i, &form); i++)
		{
			if (form.kind != none.kind)
				continue;
			put_rule_member(result, &form);
			any = true;
		}
		if (!any)
			put_rule_member(result, &none);
	}
	return (Datum) 0;
}

static TimestampTz
member_time(Jsonb *object, const char *name)
{
	char *text = member_string(object, name);

	if (text == NULL)
		return DT_NOBEGIN;
	return DatumGetTimestampTz(DirectFunctionCall3(
		timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/*
 * A recorded request and the family that it found or would start.  What a rule counts
 * in the ledger is counted as of its time, by all generations: -1.
 */
static void
read_request(Jsonb *facts, Client *client, Grant *grant, AssessedRequest *request)
{
	char *grant_id = member_string(facts, "grant_id");

	client->client_id = member_string(facts, "client_id");
	grant->client_id = client->client_id;
	grant->auth.subject = member_string(facts, "subject");
	grant->grant_type = member_string(facts, "grant_type");
	grant->resources = member_strings(facts, "resources", &grant->n_resources);
	grant->act = member_json(facts, "act");
	grant->context = member_json(facts, "last_context");
	grant->first_context = member_json(facts, "first_context");
	grant->rotated_at = member_time(facts, "last_at");
	grant->auth.mfa_time = member_time(facts, "mfa_at");
	grant->generation = -1;
	request->client = client;
	request->grant = grant;
	request->first_issue = member_bool(facts, "first_issue", false);
	request->retry = member_bool(facts, "retry", false);
	request->context = member_json(facts, "context");
	request->now = member_time(facts, "at");
	if (grant_id == NULL ||
		pgtc_uuid_parse(pgtc_slice_str(grant_id), grant->grant_id.data) != PGTC_OK ||
		client->client_id == NULL || grant->grant_type == NULL || request->context == NULL ||
		TIMESTAMP_IS_NOBEGIN(request->now) ||
		(!request->first_issue &&
		 (grant->context == NULL || TIMESTAMP_IS_NOBEGIN(grant->rotated_at))))
		elog(ERROR, "a recorded request lacks its client, its family or its time");
}

Datum
pgt_judge_recorded(PG_FUNCTION_ARGS)
{
	Jsonb *facts = PG_GETARG_JSONB_P(3);
	Client client = {0};
	Grant grant = {0};
	AssessedRequest request = {0};
	PgtcDecision decision;
	const Policy *policy;
	Jsonb *record;
	Object more;

	cache_begin();
	policy = policy_version(text_to_cstring(PG_GETARG_TEXT_PP(0)),
							text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_INT32(2));
	if (policy == NULL)
		elog(ERROR, "there is no such version of a policy");
	client.issuer = policy->issuer;
	read_request(facts, &client, &grant, &request);
	record = assess_policy(policy, &request, &decision);
	if (record == NULL)
		PG_RETURN_NULL();
	object_begin(&more);
	if (decision == PGTC_REQUIRE)
		object_bool(
			&more, "could_step_up",
			member_bool(facts, "could_step_up",
						grant_type_has_user(grant.grant_type) &&
							challenge_possible(&client, grant.auth.subject, policy->factor_types,
											   policy->n_factor_types)));
	PG_RETURN_JSONB_P(object_concat(record, object_end(&more)));
}
