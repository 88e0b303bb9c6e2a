/*
 * rule_evaluation.c
 *		The rules of one policy on one request, real or recorded.
 *
 * The built-in rules are the core's; here is what they need looked up, and the
 * rules that are functions.  What is looked up is looked up as of the request's
 * time, so that a recorded request is judged like a real one.
 */
#include "step_up/rule_evaluation.h"

#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/request.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/risk/rules.h"
#include "step_up/policy_function.h"

/* among so many last answers a collection is looked for */
#define ANSWERS_SEEN 1000

#define REASONS_MAX 20
#define REASON_LEN_MAX 200

void
rule_evaluation_prepare(RiskCase *risk)
{
	PgtcRiskFacts *facts = &risk->facts;

	memset(facts, 0, sizeof(*facts));
	request_context_facts(risk->context, &facts->now);
	facts->has_family = risk->last_context != NULL;
	request_context_facts(risk->last_context, &facts->last);
	request_context_facts(risk->first_context, &facts->first);
	facts->on_behalf = risk->act != NULL;
	facts->retry = risk->retry;
	facts->at = moment_unix_us(risk->at);
	facts->last_at = facts->has_family ? moment_unix_us(risk->last_at) : 0;
	facts->mfa_at = TIMESTAMP_IS_NOBEGIN(risk->mfa_at) ? -1 : moment_unix_us(risk->mfa_at);
}

/* the rule's own clock */
static void
read_local_time(const PgtcRule *rule, RiskCase *risk)
{
	pg_tz *zone = pg_tzset(rule->timezone);
	struct pg_tm tm;
	fsec_t fsec;
	int offset;

	if (zone == NULL || timestamp2tm(risk->at, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("time zone \"%s\" of a policy is not known", rule->timezone),
						errhint("See pg_timezone_names, and make a new version of the policy.")));
	risk->facts.minute = tm.tm_hour * MINS_PER_HOUR + tm.tm_min;
	/* j2day counts from Sunday */
	risk->facts.weekday = (j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday)) + 6) % 7;
}

/*
 * The family's last so many generations.  Without this bound the ledger's key is
 * of no use, and a family may live for years.
 */
static void
add_generation_before(StoreArgs *args, const RiskCase *risk, int generations)
{
	store_arg_int(args, Max(risk->generation - generations, -1));
}

/* refreshes only: neither first issues nor retries, which have another parent than a renewal's */
static StoreQuery lineage_count_refreshes_query =
	STORE_QUERY("lineage refreshes", STORE_READS,
				"SELECT pg_catalog.count(*)::pg_catalog.int4 FROM (SELECT FROM pgtoken.tokens t "
				"WHERE t.grant_id" EQ "$1 AND t.generation OPERATOR(pg_catalog.>) $5 "
				"AND t.issued_at OPERATOR(pg_catalog.>) $2 "
				"AND t.issued_at OPERATOR(pg_catalog.<) $3 AND t.parent_generation IS NOT NULL "
				"AND (t.retry" EQ "0 OR t.generation" EQ "t.parent_generation) LIMIT $4) r");

static int
count_refreshes(const PgtcRule *rule, const RiskCase *risk)
{
	StoreArgs args = {0};
	int count = 0;

	store_arg_uuid(&args, risk->grant_id);
	store_arg_time(&args, moment_plus(risk->at, -rule->seconds));
	store_arg_time(&args, risk->at);
	store_arg_int(&args, rule->refreshes);
	add_generation_before(&args, risk, rule->refreshes + 1);
	store_run(&lineage_count_refreshes_query, &args, store_read_int, &count);
	return count;
}

/* among its last answers: a family may live for years */
static StoreQuery lineage_collection_seen_query =
	STORE_QUERY("lineage collection", STORE_READS,
				"SELECT 0 FROM (SELECT t.context FROM pgtoken.tokens t WHERE t.grant_id" EQ
				"$1 AND t.generation OPERATOR(pg_catalog.>) $4 "
				"AND t.issued_at OPERATOR(pg_catalog.<) $2 "
				"ORDER BY t.generation DESC, t.retry DESC LIMIT $5) l "
				"WHERE l.context OPERATOR(pg_catalog.->>) 'session_id'" EQ "$3 LIMIT 1");

static bool
collection_seen(const RiskCase *risk)
{
	char *session_id = member_string(risk->context, "session_id");
	StoreArgs args = {0};

	if (session_id == NULL)
		return false;
	store_arg_uuid(&args, risk->grant_id);
	store_arg_time(&args, risk->at);
	store_arg_text(&args, session_id);
	add_generation_before(&args, risk, ANSWERS_SEEN);
	store_arg_int(&args, ANSWERS_SEEN);
	return store_run(&lineage_collection_seen_query, &args, NULL, NULL) > 0;
}

static bool
builtin_fires(const PgtcRule *rule, RiskCase *risk, char why[PGTC_WHY_MAX])
{
	if (rule->kind == PGTC_RULE_OUTSIDE_HOURS)
		read_local_time(rule, risk);
	if (rule->kind == PGTC_RULE_VELOCITY && risk->facts.has_family)
		risk->facts.refreshes = count_refreshes(rule, risk);
	if (rule->kind == PGTC_RULE_RECOLLECTION && risk->facts.has_family)
		risk->facts.collection_seen = collection_seen(risk);
	return pgtc_risk_fires(rule, &risk->facts, why);
}

/* what a rule's function is told of the family besides contexts */
static Jsonb *
describe_family(const RiskCase *risk)
{
	Object family;

	object_begin(&family);
	object_string(&family, "grant_id", strings_of_uuid(risk->grant_id));
	object_string(&family, "client_id", risk->client_id);
	object_string(&family, "subject", risk->subject);
	object_string(&family, "grant_type", risk->grant_type);
	object_strings(&family, "resources", risk->resources, risk->n_resources);
	if (risk->act)
		object_jsonb(&family, "actor", risk->act);
	object_bool(&family, "retry", risk->retry);
	object_time(&family, "at", risk->at);
	if (risk->last_context)
		object_time(&family, "last_at", risk->last_at);
	if (!TIMESTAMP_IS_NOBEGIN(risk->mfa_at))
		object_time(&family, "mfa_at", risk->mfa_at);
	return object_end(&family);
}

static Jsonb *
describe_previous(const RiskCase *risk)
{
	Object previous;

	object_begin(&previous);
	if (risk->last_context)
		object_jsonb(&previous, "last", risk->last_context);
	if (risk->first_context)
		object_jsonb(&previous, "first", risk->first_context);
	return object_end(&previous);
}

/* false: it is not what a rule's function may answer */
static bool
read_answer(Jsonb *answer, PgtcDecision *outcome)
{
	char *decision;

	*outcome = PGTC_ALLOW;
	if (answer == NULL)
		return true;
	if (!JB_ROOT_IS_OBJECT(answer))
		return false;
	decision = member_string(answer, "decision");
	for (int i = PGTC_ALLOW; decision && i <= PGTC_DENY; i++)
	{
		*outcome = (PgtcDecision) i;
		if (strcmp(decision, pgtc_rules_decision_name(*outcome)) == 0)
			return true;
	}
	return false;
}

/* a few short ones: they are stored with each decision */
static void
add_reasons(Object *object, Jsonb *answer)
{
	int n;
	char **reasons = member_strings(answer, "reasons", &n);

	if (reasons == NULL)
		return;
	n = Min(n, REASONS_MAX);
	for (int i = 0; i < n; i++)
		reasons[i] =
			pnstrdup(reasons[i], pg_mbcliplen(reasons[i], strlen(reasons[i]), REASON_LEN_MAX));
	object_strings(object, "reasons", reasons, n);
}

/* NULL when there is nothing to record: it has allowed the request and given no reasons */
static Jsonb *
run_function(const PgtcRule *rule, int position, bool allow_on_error, int timeout,
			 const RiskCase *risk, PgtcDecision *outcome, bool *failed, Object *reason)
{
	Jsonb *answer;
	const char *failure =
		policy_function_call(rule->function, risk->context, describe_previous(risk),
							 describe_family(risk), timeout, &answer);
	Object object;

	if (failure == NULL && !read_answer(answer, outcome))
		failure = "malformed answer";
	*failed = failure != NULL;
	if (failure)
		*outcome = allow_on_error ? PGTC_ALLOW : PGTC_DENY;
	else if (answer == NULL)
		return NULL;

	object_begin(&object);
	object_int(&object, "position", position);
	object_string(&object, "rule", pgtc_rules_name(rule->kind));
	object_string(&object, "function", rule->function);
	object_string(&object, "outcome", pgtc_rules_decision_name(*outcome));
	object_string(&object, "error", failure);
	if (failure)
		object_bool(&object, "failed", true);
	else
		add_reasons(reason, answer);
	return object_end(&object);
}

static Jsonb *
run_builtin(const PgtcRule *rule, int position, RiskCase *risk, PgtcDecision *outcome,
			Object *reason)
{
	char why[PGTC_WHY_MAX];
	Object object;

	*outcome = PGTC_ALLOW;
	if (!builtin_fires(rule, risk, why))
		return NULL;
	*outcome = rule->outcome;
	object_begin(&object);
	object_int(&object, "position", position);
	object_string(&object, "rule", pgtc_rules_name(rule->kind));
	object_string(&object, "outcome", pgtc_rules_decision_name(*outcome));
	/* it is the caller's to end, when this frame is gone */
	object_string(reason, "explanation", pstrdup(why));
	return object_end(&object);
}

PgtcDecision
rule_evaluation_run(const PgtcRules *rules, bool allow_on_error, int function_timeout,
					RiskCase *risk, Jsonb **fired, Jsonb **reasons, bool *said)
{
	PgtcDecision riskiest = PGTC_ALLOW;
	Object array;
	Object reasons_array;

	*said = false;
	object_array_begin(&array);
	object_array_begin(&reasons_array);
	for (int i = 0; i < rules->n; i++)
	{
		const PgtcRule *rule = &rules->rule[i];
		PgtcDecision outcome;
		bool failed = false;
		Object reason;
		Jsonb *record;

		object_begin(&reason);
		record = rule->kind == PGTC_RULE_FUNCTION
					 ? run_function(rule, i + 1, allow_on_error, function_timeout, risk, &outcome,
									&failed, &reason)
					 : run_builtin(rule, i + 1, risk, &outcome, &reason);
		if (record)
		{
			object_array_add(&array, record);
			object_array_add(&reasons_array, object_end(&reason));
		}
		if (outcome > riskiest)
			*said = false;
		riskiest = Max(riskiest, outcome);
		*said = *said || (outcome == riskiest && !failed);
	}
	*fired = object_array_end(&array);
	*reasons = object_array_end(&reasons_array);
	return riskiest;
}
