/*
 * rules_fuzzer.c
 *		Whatever rules are read can be judged by, whatever the context says.
 *
 * An input is the rules, a NUL, and facts, which are zero where it ends early.
 */
#include "fuzz.h"
#include "core/risk/risk.h"

static void
take(PgtcSlice *rest, void *out, size_t len)
{
	size_t n = rest->len < len ? rest->len : len;

	memset(out, 0, len);
	if (n > 0)
		memcpy(out, rest->data, n);
	rest->data += n;
	rest->len -= n;
}

/* a length and as many bytes; 255: none */
static PgtcSlice
take_string(PgtcSlice *rest)
{
	PgtcSlice out;
	uint8_t len;

	take(rest, &len, 1);
	if (len == 255)
		return pgtc_slice(NULL, 0);
	out = pgtc_slice(rest->data, len < rest->len ? len : rest->len);
	rest->data += out.len;
	rest->len -= out.len;
	return out;
}

static void
take_context(PgtcSlice *rest, PgtcRequestContext *out)
{
	uint8_t flags;

	memset(out, 0, sizeof(*out));
	take(rest, &flags, 1);
	out->session_id = take_string(rest);
	out->device_id = take_string(rest);
	out->user_agent = take_string(rest);
	out->ip = take_string(rest);
	out->has_location = flags & 1;
	out->has_risk_score = flags & 2;
	take(rest, &out->latitude, sizeof(out->latitude));
	take(rest, &out->longitude, sizeof(out->longitude));
	take(rest, &out->risk_score, sizeof(out->risk_score));
	take(rest, &out->collected_at, sizeof(out->collected_at));
}

static void
take_facts(PgtcSlice rest, PgtcRiskFacts *out)
{
	uint8_t flags;
	uint8_t weekday;
	uint16_t minute;

	memset(out, 0, sizeof(*out));
	take(&rest, &flags, 1);
	take(&rest, &weekday, 1);
	take(&rest, &minute, 2);
	out->has_family = flags & 1;
	out->retry = flags & 2;
	out->collection_seen = flags & 4;
	out->weekday = weekday % 7;
	out->minute = minute % 1440;
	take_context(&rest, &out->now);
	take_context(&rest, &out->last);
	take_context(&rest, &out->first);
	take(&rest, &out->at, sizeof(out->at));
	take(&rest, &out->last_at, sizeof(out->last_at));
	take(&rest, &out->mfa_at, sizeof(out->mfa_at));
	take(&rest, &out->refreshes, sizeof(out->refreshes));
}

static void
require_line(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	size_t i;

	REQUIRE(len < max);
	for (i = 0; i < len; i++)
		REQUIRE(text[i] >= ' ' && text[i] <= '~');
}

static void
check_rule(const PgtcRule *rule)
{
	int i;

	REQUIRE(rule->kind <= PGTC_RULE_FUNCTION && rule->outcome <= PGTC_DENY);
	REQUIRE(rule->ipv4_prefix >= 1 && rule->ipv4_prefix <= 32);
	REQUIRE(rule->ipv6_prefix >= 1 && rule->ipv6_prefix <= 128);
	REQUIRE(rule->seconds == -1 || rule->seconds >= 1);
	REQUIRE(rule->days > 0 && rule->days <= 0x7f);
	REQUIRE(rule->max_speed > 0 && rule->min_distance >= 0);
	for (i = 0; i < rule->n_networks; i++)
		REQUIRE(pgtc_address_in_network(&rule->networks[i], &rule->networks[i].address));
	REQUIRE((rule->timezone != NULL) == (rule->kind == PGTC_RULE_OUTSIDE_HOURS));
	REQUIRE((rule->function != NULL) == (rule->kind == PGTC_RULE_FUNCTION));
	if (rule->kind == PGTC_RULE_OUTSIDE_HOURS)
		REQUIRE(rule->from_minute < 1440 && rule->to_minute <= 1440 &&
				rule->from_minute != rule->to_minute);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t len = nul != NULL ? (size_t) (nul - data) : size;
	char problem[PGTC_PROBLEM_MAX];
	char why[PGTC_WHY_MAX];
	PgtcRiskFacts facts;
	PgtcRules rules;
	PgtcCode code = pgtc_rules_read(fuzz_slice(data, len), &fuzz_mem, &rules, problem);
	int i;

	require_line(problem, sizeof(problem));
	REQUIRE((problem[0] == '\0') == (code == PGTC_OK) && (rules.n == 0) == (code != PGTC_OK));
	if (code != PGTC_OK)
		return 0;

	if (nul != NULL)
		take_facts(fuzz_slice(nul + 1, size - len - 1), &facts);
	else
		memset(&facts, 0, sizeof(facts));
	REQUIRE(pgtc_request_context_same(&facts.now, &facts.now));
	REQUIRE(pgtc_request_context_same(&facts.now, &facts.last) ==
			pgtc_request_context_same(&facts.last, &facts.now));
	for (i = 0; i < rules.n; i++)
	{
		bool fires;

		check_rule(&rules.rule[i]);
		fires = pgtc_risk_fires(&rules.rule[i], &facts, why);
		require_line(why, sizeof(why));
		REQUIRE(fires == (why[0] != '\0'));
	}
	pgtc_rules_free(&rules, &fuzz_mem);
	return 0;
}
