/*
 * test_rules.c
 *		Reading the rules of a policy.
 */
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/* one rule of this kind with these members; NULL: it is read, otherwise the problem told */
static void
check_rule(const char *kind, const char *members, const char *expected)
{
	char json[1000];
	char wanted[300] = "";
	char problem[PGTC_PROBLEM_MAX];
	int before = unit_live();
	PgtcRules rules;

	snprintf(json, sizeof(json), "[{\"rule\":\"%s\"%s%s%s}]", kind,
			 strcmp(kind, "function") == 0 ? "" : ",\"outcome\":\"deny\"", members[0] ? "," : "",
			 members);
	if (expected != NULL)
		snprintf(wanted, sizeof(wanted), "rule 1 (%s): %s", kind, expected);
	CHECK_CODE(pgtc_rules_read(pgtc_slice_str(json), &unit_mem, &rules, problem),
			   expected == NULL ? PGTC_OK : PGTC_E_MALFORMED);
	if (strcmp(problem, wanted) != 0)
		printf("wanted %s\ngot    %s\n", wanted, problem);
	CHECK(strcmp(problem, wanted) == 0);
	CHECK(rules.n == (expected == NULL));
	if (expected == NULL)
		CHECK(strcmp(pgtc_rules_name(rules.rule[0].kind), kind) == 0);
	pgtc_rules_free(&rules, &unit_mem);
	CHECK(rules.n == 0 && unit_live() == before);
}

static void
check_text(const char *json, const char *expected)
{
	char problem[PGTC_PROBLEM_MAX];
	int before = unit_live();
	PgtcRules rules;

	CHECK_CODE(pgtc_rules_read(pgtc_slice_str(json), &unit_mem, &rules, problem), PGTC_E_MALFORMED);
	if (strcmp(problem, expected) != 0)
		printf("wanted %s\ngot    %s\n", expected, problem);
	CHECK(strcmp(problem, expected) == 0);
	CHECK(rules.n == 0 && unit_live() == before);
	pgtc_rules_free(&rules, &unit_mem);
}

static void
texts(void)
{
	static const char not_json[] = "rules must be a JSON array";
	static const char not_rules[] = "rules must be an array of 1 to 32 objects";
	static const char one[] = "{\"rule\":\"concurrent_context\",\"outcome\":\"deny\"}";
	char json[3000] = "[";
	char problem[PGTC_PROBLEM_MAX];
	PgtcRules rules;
	int i;

	check_text(NULL, not_json);
	check_text("", not_json);
	check_text("[", not_json);
	check_text("[]x", not_json);
	check_text("1", not_json);
	check_text("{}", not_rules);
	check_text("[]", not_rules);
	check_text("[1]", "rule 1: must be an object");
	check_text("[null]", "rule 1: must be an object");
	check_text("[[]]", "rule 1: must be an object");
	check_text("[{}]", "rule 1: rule is missing");
	check_text("[{\"rule\":1}]", "rule 1: rule must be a string");
	check_text("[{\"rule\":\"idles\"}]", "rule 1: there is no rule \"idles\"");
	check_text("[{\"rule\":\"\"}]", "rule 1: there is no rule \"\"");
	check_text("[{\"rule\":\"IDLE\"}]", "rule 1: there is no rule \"IDLE\"");
	/* Attack: a log line of one's own, by way of what is refused. */
	check_text("[{\"rule\":\"a\\nb\\u00e4\\u007f\"}]", "rule 1: there is no rule \"a?b???\"");
	check_text("[{\"rule\":\"0123456789012345678901234567890123456789012345678901234567890123\"}]",
			   "rule 1: there is no rule "
			   "\"012345678901234567890123456789012345678901234567890123456789\"");
	check_text("[{\"rule\":\"idle\",\"rule\":\"idle\"}]", "a member is there twice");
	check_text("[{\"rule\":\"idle\",\"outcome\":\"deny\",\"outcome\":\"allow\",\"longer_than\":1}]",
			   "a member is there twice");
	check_text("[{\"rule\":\"idle\",\"longer_than\":1}]", "rule 1 (idle): outcome is missing");
	check_text("[{\"rule\":\"idle\",\"outcome\":\"Deny\",\"longer_than\":1}]",
			   "rule 1 (idle): outcome must be \"allow\", \"require\" or \"deny\"");
	check_text("[{\"rule\":\"idle\",\"outcome\":null,\"longer_than\":1}]",
			   "rule 1 (idle): outcome must be \"allow\", \"require\" or \"deny\"");
	check_text("[{\"rule\":\"function\",\"outcome\":\"deny\",\"function\":\"a.b\"}]",
			   "rule 1 (function): has no member \"outcome\"");
	/* what the ones before hold is given back */
	check_text("[{\"rule\":\"function\",\"function\":\"a.b\"},"
			   "{\"rule\":\"address_in\",\"outcome\":\"deny\",\"networks\":[\"10.0.0.0/8\"]},"
			   "{\"rule\":\"idle\",\"outcome\":\"deny\"}]",
			   "rule 3 (idle): longer_than is missing");

	for (i = 0; i < PGTC_RULES_MAX; i++)
	{
		strcat(json, i > 0 ? "," : "");
		strcat(json, one);
	}
	strcat(json, "]");
	CHECK_CODE(pgtc_rules_read(pgtc_slice_str(json), &unit_mem, &rules, problem), PGTC_OK);
	CHECK(rules.n == PGTC_RULES_MAX && problem[0] == '\0');
	pgtc_rules_free(&rules, &unit_mem);
	json[strlen(json) - 1] = ',';
	strcat(json, one);
	strcat(json, "]");
	check_text(json, not_rules);
}

static void
numbers(void)
{
	static const struct
	{
		const char *kind;
		const char *member;
		const char *others;
		const char *max;
		const char *beyond;
		const char *unit;
	} cases[] = {
		{"network_changed", "ipv4_prefix", "", "32", "33", ""},
		{"network_changed", "ipv6_prefix", "", "128", "129", ""},
		{"recollection", "max_age", "", "315360000", "315360001", " (seconds)"},
		{"idle", "longer_than", "", "315360000", "315360001", " (seconds)"},
		{"mfa_age", "longer_than", "", "315360000", "315360001", " (seconds)"},
		{"velocity", "within", ",\"refreshes\":1", "315360000", "315360001", " (seconds)"},
		{"velocity", "refreshes", ",\"within\":1", "10000", "10001", ""},
	};
	static const char *const refused[] = {"0",	  "-1",	  "1.0", "1e0", "\"1\"",
										  "true", "null", "[]",	 "{}",	"9223372036854775807"};
	char members[200];
	char problem[200];
	size_t i;
	size_t j;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		snprintf(problem, sizeof(problem), "%s must be an integer from 1 to %s%s", cases[i].member,
				 cases[i].max, cases[i].unit);
		snprintf(members, sizeof(members), "\"%s\":1%s", cases[i].member, cases[i].others);
		check_rule(cases[i].kind, members, NULL);
		snprintf(members, sizeof(members), "\"%s\":%s%s", cases[i].member, cases[i].max,
				 cases[i].others);
		check_rule(cases[i].kind, members, NULL);
		snprintf(members, sizeof(members), "\"%s\":%s%s", cases[i].member, cases[i].beyond,
				 cases[i].others);
		check_rule(cases[i].kind, members, problem);
		for (j = 0; j < sizeof(refused) / sizeof(refused[0]); j++)
		{
			snprintf(members, sizeof(members), "\"%s\":%s%s", cases[i].member, refused[j],
					 cases[i].others);
			check_rule(cases[i].kind, members, problem);
		}
	}
}

static void
members(void)
{
	static const char since[] = "since must be \"last\" or \"first\"";
	static const char granularity[] = "granularity must be \"family\", \"version\" or \"exact\"";
	static const char member[] = "member must be \"device_id\" or \"session_id\"";
	static const char speed[] = "max_speed must be a number above 0, up to 1000000 (km/h)";
	static const char distance[] = "min_distance must be a number from 0 to 20100 (km)";
	static const char score[] = "at_least must be a number";
	static const char function[] =
		"function must be the name of a function with its schema, like \"app.judge\"";
	char long_name[200];

	check_rule("network_changed", "", NULL);
	check_rule("network_changed", "\"since\":\"last\"", NULL);
	check_rule("network_changed", "\"since\":\"first\"", NULL);
	check_rule("network_changed", "\"since\":\"ever\"", since);
	check_rule("network_changed", "\"since\":null", since);
	check_rule("network_changed", "\"granularity\":\"exact\"", "has no member \"granularity\"");
	check_rule("network_changed", "\"ipv4_prefx\":24", "has no member \"ipv4_prefx\"");
	check_rule("user_agent_changed", "", NULL);
	check_rule("user_agent_changed", "\"granularity\":\"family\",\"since\":\"first\"", NULL);
	check_rule("user_agent_changed", "\"granularity\":\"version\"", NULL);
	check_rule("user_agent_changed", "\"granularity\":\"exact\"", NULL);
	check_rule("user_agent_changed", "\"granularity\":\"\"", granularity);
	check_rule("user_agent_changed", "\"granularity\":1", granularity);
	check_rule("user_agent_changed", "\"since\":\"\"", since);
	check_rule("unknown_device", "", NULL);
	check_rule("unknown_device", "\"member\":\"device_id\"", NULL);
	check_rule("unknown_device", "\"member\":\"session_id\"", NULL);
	check_rule("unknown_device", "\"member\":\"ip\"", member);
	check_rule("recollection", "", NULL);
	check_rule("concurrent_context", "", NULL);
	check_rule("on_behalf", "", NULL);
	check_rule("on_behalf", "\"sub\":\"x\"", "has no member \"sub\"");
	check_rule("concurrent_context", "\"since\":\"last\"", "has no member \"since\"");
	check_rule("idle", "", "longer_than is missing");
	check_rule("mfa_age", "", "longer_than is missing");
	check_rule("velocity", "\"refreshes\":3", "within is missing");
	check_rule("velocity", "\"within\":3", "refreshes is missing");

	check_rule("impossible_travel", "", NULL);
	check_rule("impossible_travel", "\"max_speed\":0", speed);
	check_rule("impossible_travel", "\"max_speed\":0.001", NULL);
	check_rule("impossible_travel", "\"max_speed\":1000000", NULL);
	check_rule("impossible_travel", "\"max_speed\":1000000.001", speed);
	check_rule("impossible_travel", "\"max_speed\":\"1\"", speed);
	check_rule("impossible_travel", "\"min_distance\":0", NULL);
	check_rule("impossible_travel", "\"min_distance\":-0.001", distance);
	check_rule("impossible_travel", "\"min_distance\":20100", NULL);
	check_rule("impossible_travel", "\"min_distance\":20100.001", distance);
	check_rule("impossible_travel", "\"min_distance\":true", distance);

	check_rule("risk_score", "", "at_least is missing");
	check_rule("risk_score", "\"at_least\":-3.5", NULL);
	check_rule("risk_score", "\"at_least\":1e300", NULL);
	check_rule("risk_score", "\"at_least\":\"7\"", score);
	check_rule("risk_score", "\"at_least\":null", score);
	check_text("[{\"rule\":\"risk_score\",\"outcome\":\"deny\",\"at_least\":1e999}]",
			   "rules must be a JSON array");
	check_text("[{\"rule\":\"risk_score\",\"outcome\":\"deny\",\"at_least\":NaN}]",
			   "rules must be a JSON array");

	check_rule("function", "", "function is missing");
	check_rule("function", "\"function\":\"app.judge\"", NULL);
	check_rule("function", "\"function\":\"\\\"My App\\\".judge\"", NULL);
	check_rule("function", "\"function\":\"judge\"", function);
	check_rule("function", "\"function\":\".judge\"", function);
	check_rule("function", "\"function\":\"app.\"", function);
	check_rule("function", "\"function\":\"\"", function);
	check_rule("function", "\"function\":7", function);
	check_rule("function", "\"function\":\"app.\\njudge\"", function);
	/* "a." and as many letters as make 131, then 132 */
	snprintf(long_name, sizeof(long_name), "\"function\":\"a.%0129d\"", 0);
	check_rule("function", long_name, NULL);
	snprintf(long_name, sizeof(long_name), "\"function\":\"a.%0130d\"", 0);
	check_rule("function", long_name, function);
}

static void
hours(void)
{
	static const char *const bad_times[] = {"\"8:00\"",	 "\"08:60\"",  "\"24:01\"", "\"25:00\"",
											"\"0800\"",	 "\"08:00 \"", "\"08-00\"", "\"0a:00\"",
											"\"08:0/\"", "\"08:0:\"",  "\"/8:00\"", "\"-8:00\"",
											"800",		 "null",	   "\"\""};
	static const char from[] = "from must be a time of day from \"00:00\" to \"23:59\"";
	static const char to[] =
		"to must be a time of day from \"00:00\" to \"24:00\", other than from";
	static const char zone[] = "timezone must be the name of a time zone like \"Europe/Berlin\"";
	static const char days[] = "days must be an array of different integers from 1 (Monday) to 7";
	static const char *const bad_zones[] = {"", "a b", "a'b", "a.b", "Europe\\\\Berlin", "\\u00e4"};
	static const char *const bad_days[] = {"[]",	"[0]",	   "[8]", "[1,1]",
										   "[1.0]", "[\"1\"]", "1",	  "[1,2,3,4,5,6,7,7]"};
	char text[300];
	size_t i;

#define HOURS(f, t, z, more) "\"from\":\"" f "\",\"to\":\"" t "\",\"timezone\":\"" z "\"" more
	check_rule("outside_hours", HOURS("00:00", "24:00", "UTC", ""), NULL);
	check_rule("outside_hours", HOURS("23:59", "00:00", "America/Argentina/Buenos_Aires", ""),
			   NULL);
	check_rule("outside_hours", HOURS("08:00", "18:00", "Etc/GMT+5", ",\"days\":[7,1]"), NULL);
	check_rule("outside_hours", HOURS("08:00", "18:00", "UTC", ",\"days\":[1,2,3,4,5,6,7]"), NULL);
	check_rule("outside_hours", HOURS("24:00", "08:00", "UTC", ""), from);
	check_rule("outside_hours", HOURS("08:00", "08:00", "UTC", ""), to);
	check_rule("outside_hours", "\"to\":\"08:00\",\"timezone\":\"UTC\"", "from is missing");
	check_rule("outside_hours", "\"from\":\"08:00\",\"timezone\":\"UTC\"", "to is missing");
	check_rule("outside_hours", "\"from\":\"08:00\",\"to\":\"09:00\"", "timezone is missing");
#undef HOURS
	for (i = 0; i < sizeof(bad_times) / sizeof(bad_times[0]); i++)
	{
		snprintf(text, sizeof(text), "\"from\":%s,\"to\":\"12:00\",\"timezone\":\"UTC\"",
				 bad_times[i]);
		check_rule("outside_hours", text, from);
		snprintf(text, sizeof(text), "\"from\":\"12:00\",\"to\":%s,\"timezone\":\"UTC\"",
				 bad_times[i]);
		check_rule("outside_hours", text, to);
	}
	for (i = 0; i < sizeof(bad_zones) / sizeof(bad_zones[0]); i++)
	{
		snprintf(text, sizeof(text), "\"from\":\"08:00\",\"to\":\"12:00\",\"timezone\":\"%s\"",
				 bad_zones[i]);
		check_rule("outside_hours", text, zone);
	}
	for (i = 62; i < 65; i++)
	{
		snprintf(text, sizeof(text), "\"from\":\"08:00\",\"to\":\"12:00\",\"timezone\":\"%0*d\"",
				 (int) i, 0);
		check_rule("outside_hours", text, i > 63 ? zone : NULL);
	}
	for (i = 0; i < sizeof(bad_days) / sizeof(bad_days[0]); i++)
	{
		snprintf(text, sizeof(text),
				 "\"from\":\"08:00\",\"to\":\"12:00\",\"timezone\":\"UTC\",\"days\":%s",
				 bad_days[i]);
		check_rule("outside_hours", text, days);
	}
}

/* n networks, the last of which is as given */
static void
many_networks(int n, const char *last, PgtcCode expected)
{
	char problem[PGTC_PROBLEM_MAX];
	PgtcRules rules;
	PgtcBuf json;
	int i;

	pgtc_buf_init(&json, &unit_mem);
	pgtc_buf_append_str(&json, "[{\"rule\":\"address_in\",\"outcome\":\"require\",\"networks\":[");
	for (i = 1; i < n; i++)
		pgtc_buf_append_str(&json, "\"192.0.2.0/24\",");
	pgtc_buf_append_str(&json, last);
	pgtc_buf_append_str(&json, "]}]");
	CHECK_CODE(pgtc_rules_read(pgtc_slice(json.data, json.len), &unit_mem, &rules, problem),
			   expected);
	if (expected == PGTC_OK)
		CHECK(rules.rule[0].n_networks == n && rules.rule[0].outcome == PGTC_REQUIRE);
	else
		CHECK(strcmp(problem, "rule 1 (address_in): networks must be an array of 1 to 1000 IPv4 or "
							  "IPv6 networks like \"192.0.2.0/24\", without bits set right of the "
							  "prefix") == 0);
	pgtc_rules_free(&rules, &unit_mem);
	pgtc_buf_free(&json);
}

static void
network_lists(void)
{
	check_rule("address_in", "", "networks is missing");
	check_rule("address_not_in", "", "networks is missing");
	check_rule("address_not_in", "\"networks\":[\"2001:db8::/32\",\"192.0.2.1\"]", NULL);
	many_networks(1, "\"::/0\"", PGTC_OK);
	many_networks(PGTC_RULE_NETWORKS_MAX, "\"::/0\"", PGTC_OK);
	many_networks(PGTC_RULE_NETWORKS_MAX + 1, "\"::/0\"", PGTC_E_MALFORMED);
	many_networks(1, "", PGTC_E_MALFORMED);
	many_networks(2, "1", PGTC_E_MALFORMED);
	many_networks(2, "null", PGTC_E_MALFORMED);
	many_networks(2, "\"192.0.2.1/24\"", PGTC_E_MALFORMED);
	many_networks(2, "\"example.com\"", PGTC_E_MALFORMED);
}

static void
values(void)
{
	static const char json[] =
		"[{\"rule\":\"network_changed\",\"outcome\":\"allow\"},"
		"{\"rule\":\"network_changed\",\"outcome\":\"require\",\"ipv4_prefix\":16,"
		"\"ipv6_prefix\":32,\"since\":\"first\"},"
		"{\"rule\":\"user_agent_changed\",\"outcome\":\"deny\",\"granularity\":\"version\"},"
		"{\"rule\":\"unknown_device\",\"outcome\":\"deny\",\"member\":\"session_id\"},"
		"{\"rule\":\"recollection\",\"outcome\":\"deny\"},"
		"{\"rule\":\"velocity\",\"outcome\":\"deny\",\"refreshes\":5,\"within\":60},"
		"{\"rule\":\"impossible_travel\",\"outcome\":\"deny\"},"
		"{\"rule\":\"impossible_travel\",\"outcome\":\"deny\",\"max_speed\":0.5,"
		"\"min_distance\":3},"
		"{\"rule\":\"outside_hours\",\"outcome\":\"deny\",\"from\":\"22:30\",\"to\":\"06:05\","
		"\"timezone\":\"Europe/Berlin\"},"
		"{\"rule\":\"outside_hours\",\"outcome\":\"deny\",\"from\":\"00:00\",\"to\":\"24:00\","
		"\"timezone\":\"UTC\",\"days\":[1,5]},"
		"{\"rule\":\"risk_score\",\"outcome\":\"deny\",\"at_least\":0.75},"
		"{\"function\":\"app.judge\",\"rule\":\"function\"}]";
	char problem[PGTC_PROBLEM_MAX];
	char why[PGTC_WHY_MAX];
	PgtcRiskFacts facts;
	PgtcRules rules;
	const PgtcRule *rule = rules.rule;

	CHECK_CODE(pgtc_rules_read(LITERAL(json), &unit_mem, &rules, problem), PGTC_OK);
	CHECK(rules.n == 12);
	CHECK(rule[0].kind == PGTC_RULE_NETWORK_CHANGED && rule[0].outcome == PGTC_ALLOW);
	CHECK(rule[0].ipv4_prefix == 24 && rule[0].ipv6_prefix == 48 && !rule[0].since_first);
	CHECK(rule[1].outcome == PGTC_REQUIRE && rule[1].ipv4_prefix == 16);
	CHECK(rule[1].ipv6_prefix == 32 && rule[1].since_first);
	CHECK(rule[2].outcome == PGTC_DENY && rule[2].granularity == PGTC_UA_VERSION);
	CHECK(rule[3].by_session && rule[4].seconds == -1);
	CHECK(rule[5].refreshes == 5 && rule[5].seconds == 60);
	CHECK(rule[6].max_speed == 900 && rule[6].min_distance == 100);
	CHECK(rule[7].max_speed == 0.5 && rule[7].min_distance == 3);
	CHECK(rule[8].from_minute == 1350 && rule[8].to_minute == 365 && rule[8].days == 0x7f);
	CHECK(strcmp(rule[8].timezone, "Europe/Berlin") == 0);
	CHECK(rule[9].from_minute == 0 && rule[9].to_minute == 1440 && rule[9].days == 0x11);
	CHECK(rule[10].at_least == 0.75);
	CHECK(rule[11].kind == PGTC_RULE_FUNCTION && strcmp(rule[11].function, "app.judge") == 0);
	/* what an administrator's function says is not known here */
	memset(&facts, 0, sizeof(facts));
	CHECK(!pgtc_risk_fires(&rule[11], &facts, why) && why[0] == '\0');
	pgtc_rules_free(&rules, &unit_mem);

	CHECK(strcmp(pgtc_rules_decision_name(PGTC_ALLOW), "allow") == 0);
	CHECK(strcmp(pgtc_rules_decision_name(PGTC_REQUIRE), "require") == 0);
	CHECK(strcmp(pgtc_rules_decision_name(PGTC_DENY), "deny") == 0);
}

static void
read_one(const char *kind, const char *members, PgtcRules *rules)
{
	char problem[PGTC_PROBLEM_MAX];
	char json[300];

	snprintf(json, sizeof(json), "[{\"rule\":\"%s\",\"outcome\":\"deny\"%s}]", kind, members);
	CHECK_CODE(pgtc_rules_read(pgtc_slice_str(json), &unit_mem, rules, problem), PGTC_OK);
	CHECK(rules->n == 1);
	if (rules->rule[0].timezone != NULL)
		unit_mem.release(rules->rule[0].timezone);
	rules->rule[0].timezone = NULL;
}

/* what a form is told stands where a member is left out is what is read then */
static void
forms(void)
{
	static const char hours[] = ",\"from\":\"01:00\",\"to\":\"02:00\",\"timezone\":\"UTC\"";
	PgtcRuleForm form;
	int i;

	for (i = 0; i < pgtc_rules_kinds(); i++)
		CHECK(pgtc_rules_fires_when((PgtcRuleKind) i)[0] != '\0');
	for (i = 0; pgtc_rules_form(i, &form); i++)
	{
		const char *others = form.kind == PGTC_RULE_OUTSIDE_HOURS ? hours : "";
		const char *quote = form.words[0] != NULL ? "\"" : "";
		PgtcRules without, with;
		char members[200];

		CHECK(form.form != NULL && (form.words[0] != NULL) == (strcmp(form.form, "word") == 0));
		CHECK(!form.required || form.fallback == NULL);
		if (form.fallback == NULL)
			continue;
		snprintf(members, sizeof(members), "%s,\"%s\":%s%s%s", others, form.member, quote,
				 form.fallback, quote);
		read_one(pgtc_rules_name(form.kind), others, &without);
		read_one(pgtc_rules_name(form.kind), members, &with);
		CHECK(memcmp(&without.rule[0], &with.rule[0], sizeof(PgtcRule)) == 0);
	}
}

void
test_rules(void)
{
	texts();
	numbers();
	members();
	hours();
	network_lists();
	values();
	forms();
}
