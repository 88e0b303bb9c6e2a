/*
 * rules.c
 *		Reading the rules of a policy from JSON.
 *
 * What a rule has no member of is refused, so that a misspelt one does not
 * silently leave the rule at its default.
 */
#include <stdio.h>

#include "core/risk/rules.h"
#include "core/base/printable.h"
#include "core/risk/rule_members.h"

#define ALL_DAYS 0x7f
#define SHOWN_MAX 60

#define lengthof(array) ((int) (sizeof(array) / sizeof((array)[0])))

/* in the order of the enum */
static const PgtcName kinds[] = {
	{"network_changed", PGTC_RULE_NETWORK_CHANGED},
	{"address_in", PGTC_RULE_ADDRESS_IN},
	{"address_not_in", PGTC_RULE_ADDRESS_NOT_IN},
	{"user_agent_changed", PGTC_RULE_USER_AGENT_CHANGED},
	{"unknown_device", PGTC_RULE_UNKNOWN_DEVICE},
	{"recollection", PGTC_RULE_RECOLLECTION},
	{"idle", PGTC_RULE_IDLE},
	{"velocity", PGTC_RULE_VELOCITY},
	{"concurrent_context", PGTC_RULE_CONCURRENT_CONTEXT},
	{"impossible_travel", PGTC_RULE_IMPOSSIBLE_TRAVEL},
	{"mfa_age", PGTC_RULE_MFA_AGE},
	{"outside_hours", PGTC_RULE_OUTSIDE_HOURS},
	{"risk_score", PGTC_RULE_RISK_SCORE},
	{"on_behalf", PGTC_RULE_ON_BEHALF},
	{"function", PGTC_RULE_FUNCTION},
};

/* in the order of the enum */
static const char *const fires_when[] = {
	"the address is not in the network of the last or first one",
	"the address is in one of these networks",
	"the address is in none of these networks",
	"it is another program",
	"the device is neither the last nor the first of the family",
	"the signals must be collected again: the session was presented before, or they are too old",
	"the family has not been refreshed for longer",
	"it has been refreshed as often within that time, retries not counted",
	"a retry inside the retry window comes from elsewhere than the rotation",
	"nobody gets from the last place to this one in that time",
	"a further factor was proved longer ago, or never",
	"it is not between these times on these days",
	"the risk score of the context is as high",
	"somebody acts for the subject",
	"the function says so, and it says the outcome as well",
};

/* in the order of the enum */
static const PgtcName outcomes[] = {
	{"allow", PGTC_ALLOW}, {"require", PGTC_REQUIRE}, {"deny", PGTC_DENY}};

const char *
pgtc_rules_decision_name(PgtcDecision decision)
{
	return outcomes[decision].name;
}

const char *
pgtc_rules_name(PgtcRuleKind kind)
{
	return kinds[kind].name;
}

int
pgtc_rules_kinds(void)
{
	return lengthof(kinds);
}

const char *
pgtc_rules_fires_when(PgtcRuleKind kind)
{
	return fires_when[kind];
}

bool
pgtc_rules_form(int n, PgtcRuleForm *form)
{
	const PgtcRuleMember *member = &pgtc_rule_members[n];
	int i;

	memset(form, 0, sizeof(*form));
	form->kind = member->kind;
	form->member = member->name;
	form->required = member->required;
	form->form = member->form;
	form->fallback = member->fallback;
	form->expected = member->expected;
	for (i = 0; i < member->n_words && i < lengthof(form->words) - 1; i++)
		form->words[i] = member->words[i].name;
	return member->name != NULL;
}

void
pgtc_rules_free(PgtcRules *rules, const PgtcMem *mem)
{
	int i;

	for (i = 0; i < rules->n; i++)
	{
		PgtcRule *rule = &rules->rule[i];

		if (rule->networks != NULL)
			mem->release(rule->networks);
		if (rule->timezone != NULL)
			mem->release(rule->timezone);
		if (rule->function != NULL)
			mem->release(rule->function);
	}
	memset(rules, 0, sizeof(*rules));
}

static PgtcCode
read_outcome(const json_t *object, PgtcRule *rule, char *about)
{
	const json_t *value = json_object_get(object, "outcome");
	int outcome;

	if (value == NULL)
		strcpy(about, "outcome is missing");
	else if (pgtc_json_read_name(value, outcomes, lengthof(outcomes), &outcome) == PGTC_OK)
	{
		rule->outcome = (PgtcDecision) outcome;
		return PGTC_OK;
	}
	else
		strcpy(about, "outcome must be \"allow\", \"require\" or \"deny\"");
	return PGTC_E_MALFORMED;
}

static PgtcCode
read_members(const json_t *object, const PgtcMem *mem, PgtcRule *rule, char *about)
{
	int i;

	for (i = 0; pgtc_rule_members[i].name != NULL; i++)
	{
		const PgtcRuleMember *member = &pgtc_rule_members[i];
		const json_t *value;
		PgtcCode code;

		if (member->kind != rule->kind)
			continue;
		value = json_object_get(object, member->name);
		if (value == NULL && !member->required)
			continue;
		if (value == NULL)
		{
			snprintf(about, PGTC_PROBLEM_MAX, "%s is missing", member->name);
			return PGTC_E_MALFORMED;
		}
		code = member->read(value, mem, rule);
		if (code != PGTC_OK)
		{
			snprintf(about, PGTC_PROBLEM_MAX, "%s must be %s", member->name, member->expected);
			return code;
		}
	}
	return PGTC_OK;
}

static PgtcCode
refuse_unknown(json_t *object, const PgtcRule *rule, char *about)
{
	char shown[SHOWN_MAX + 1];
	void *at;
	int i;

	for (at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at))
	{
		const char *name = json_object_iter_key(at);

		if (strcmp(name, "rule") == 0)
			continue;
		if (strcmp(name, "outcome") == 0 && rule->kind != PGTC_RULE_FUNCTION)
			continue;
		for (i = 0; pgtc_rule_members[i].name != NULL; i++)
		{
			if (pgtc_rule_members[i].kind == rule->kind &&
				strcmp(pgtc_rule_members[i].name, name) == 0)
				break;
		}
		if (pgtc_rule_members[i].name == NULL)
		{
			pgtc_printable_ascii(pgtc_slice_str(name), shown, sizeof(shown));
			snprintf(about, PGTC_PROBLEM_MAX, "has no member \"%s\"", shown);
			return PGTC_E_MALFORMED;
		}
	}
	return PGTC_OK;
}

static void
set_defaults(PgtcRule *rule)
{
	rule->ipv4_prefix = 24;
	rule->ipv6_prefix = 48;
	rule->seconds = -1;
	rule->max_speed = 900;
	rule->min_distance = 100;
	rule->days = ALL_DAYS;
}

static PgtcCode
read_rule(json_t *object, const PgtcMem *mem, PgtcRule *rule, char *about)
{
	PgtcCode code;

	set_defaults(rule);
	code = refuse_unknown(object, rule, about);
	if (code == PGTC_OK && rule->kind != PGTC_RULE_FUNCTION)
		code = read_outcome(object, rule, about);
	if (code == PGTC_OK)
		code = read_members(object, mem, rule, about);
	return code;
}

static PgtcCode
read_kind(const json_t *object, PgtcRule *rule, char *about)
{
	const json_t *value = json_object_get(object, "rule");
	char shown[SHOWN_MAX + 1];
	int kind;

	if (!json_is_object(object))
		strcpy(about, "must be an object");
	else if (value == NULL)
		strcpy(about, "rule is missing");
	else if (!json_is_string(value))
		strcpy(about, "rule must be a string");
	else if (pgtc_json_read_name(value, kinds, lengthof(kinds), &kind) == PGTC_OK)
	{
		rule->kind = (PgtcRuleKind) kind;
		return PGTC_OK;
	}
	else
	{
		pgtc_printable_ascii(pgtc_json_read_string(value), shown, sizeof(shown));
		snprintf(about, PGTC_PROBLEM_MAX, "there is no rule \"%s\"", shown);
	}
	return PGTC_E_MALFORMED;
}

/* kind is NULL when it is not known */
static void
describe_problem(char *problem, int nth, const char *kind, const char *about)
{
	size_t about_len = strlen(about);
	size_t len;

	if (kind != NULL)
		snprintf(problem, PGTC_PROBLEM_MAX, "rule %d (%s): ", nth, kind);
	else
		snprintf(problem, PGTC_PROBLEM_MAX, "rule %d: ", nth);
	len = strlen(problem);
	if (about_len > PGTC_PROBLEM_MAX - len - 1)
		about_len = PGTC_PROBLEM_MAX - len - 1;
	memcpy(problem + len, about, about_len);
	problem[len + about_len] = '\0';
}

static PgtcCode
read_array(const json_t *array, const PgtcMem *mem, PgtcRules *out, char *problem)
{
	size_t n = json_array_size(array);
	size_t i;

	if (!json_is_array(array) || n == 0 || n > PGTC_RULES_MAX)
	{
		snprintf(problem, PGTC_PROBLEM_MAX, "rules must be an array of 1 to %d objects",
				 PGTC_RULES_MAX);
		return PGTC_E_MALFORMED;
	}
	for (i = 0; i < n; i++)
	{
		PgtcRule *rule = &out->rule[i];
		char about[PGTC_PROBLEM_MAX] = "";
		bool known = false;
		PgtcCode code;

		/* counted first, so that what it holds is given back if it is refused */
		out->n++;
		code = read_kind(json_array_get(array, i), rule, about);
		if (code == PGTC_OK)
		{
			known = true;
			code = read_rule(json_array_get(array, i), mem, rule, about);
		}
		if (code != PGTC_OK)
		{
			describe_problem(problem, (int) i + 1, known ? pgtc_rules_name(rule->kind) : NULL,
							 about);
			return code;
		}
	}
	return PGTC_OK;
}

PgtcCode
pgtc_rules_read(PgtcSlice json, const PgtcMem *mem, PgtcRules *out, char problem[PGTC_PROBLEM_MAX])
{
	json_error_t error;
	json_t *array = NULL;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	problem[0] = '\0';
	error.text[sizeof(error.text) - 1] = json_error_unknown;
	if (json.data != NULL)
		array = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES, &error);
	if (array != NULL)
		code = read_array(array, mem, out, problem);
	else if (json_error_code(&error) == json_error_out_of_memory)
		code = PGTC_E_NOMEM;
	else
	{
		code = PGTC_E_MALFORMED;
		strcpy(problem, json_error_code(&error) == json_error_duplicate_key
							? "a member is there twice"
							: "rules must be a JSON array");
	}
	json_decref(array);
	if (code != PGTC_OK)
		pgtc_rules_free(out, mem);
	if (code == PGTC_E_NOMEM)
		strcpy(problem, "out of memory");
	return code;
}
