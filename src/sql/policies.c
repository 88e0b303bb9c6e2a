/*
 * policies.c
 *		SQL-callable functions of risk policies.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/risk/rules.h"
#include "step_up/rule_evaluation.h"

PG_FUNCTION_INFO_V1(pgt_evaluate_rules);
PG_FUNCTION_INFO_V1(pgt_policy_rules_problem);

static PgtcCode
read_rules(Jsonb *json, PgtcRules *rules, char problem[PGTC_PROBLEM_MAX])
{
	return pgtc_rules_read(pgtc_slice_str(object_text(json)), &glue_mem, rules, problem);
}

Datum
pgt_policy_rules_problem(PG_FUNCTION_ARGS)
{
	PgtcRules rules;
	char problem[PGTC_PROBLEM_MAX];

	if (read_rules(PG_GETARG_JSONB_P(0), &rules, problem) != PGTC_OK)
		PG_RETURN_TEXT_P(cstring_to_text(problem));
	pgtc_rules_free(&rules, &glue_mem);
	PG_RETURN_NULL();
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

/* a recorded request: what assess.c knows from the family's row */
static void
read_case(Jsonb *facts, pg_uuid_t *grant_id, RiskCase *risk)
{
	char *id = member_string(facts, "grant_id");

	memset(risk, 0, sizeof(*risk));
	if (id && pgtc_uuid_parse(pgtc_slice_str(id), grant_id->data) == PGTC_OK)
		risk->grant_id = grant_id;
	risk->client_id = member_string(facts, "client_id");
	risk->subject = member_string(facts, "subject");
	risk->grant_type = member_string(facts, "grant_type");
	risk->resources = member_strings(facts, "resources", &risk->n_resources);
	risk->n_resources = Max(risk->n_resources, 0);
	risk->context = member_json(facts, "context");
	if (risk->context == NULL)
		risk->context = object_empty();
	risk->last_context = member_json(facts, "last_context");
	risk->first_context = member_json(facts, "first_context");
	risk->retry = member_bool(facts, "retry", false);
	risk->at = member_time(facts, "at");
	risk->last_at = member_time(facts, "last_at");
	risk->mfa_at = member_time(facts, "mfa_at");
	risk->generation = -1;
	if (TIMESTAMP_IS_NOBEGIN(risk->at) ||
		(risk->last_context && (TIMESTAMP_IS_NOBEGIN(risk->last_at) || risk->grant_id == NULL)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a recorded request lacks its family or its time")));
	rule_evaluation_prepare(risk);
}

Datum
pgt_evaluate_rules(PG_FUNCTION_ARGS)
{
	char *on_error = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Interval *timeout = PG_GETARG_INTERVAL_P(2);
	PgtcRules rules;
	char problem[PGTC_PROBLEM_MAX];
	pg_uuid_t grant_id;
	RiskCase risk;
	PgtcDecision decision;
	Jsonb *fired;
	Jsonb *reasons;
	bool said;
	Object answer;

	if (read_rules(PG_GETARG_JSONB_P(0), &rules, problem) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid rules"),
						errdetail("%s.", problem)));
	read_case(PG_GETARG_JSONB_P(3), &grant_id, &risk);
	decision = rule_evaluation_run(&rules, strcmp(on_error, "allow") == 0,
								   Max(1, timeout->time / 1000), &risk, &fired, &reasons, &said);
	object_begin(&answer);
	object_string(&answer, "decision", pgtc_rules_decision_name(decision));
	object_jsonb(&answer, "rules", fired);
	PG_RETURN_JSONB_P(object_end(&answer));
}
