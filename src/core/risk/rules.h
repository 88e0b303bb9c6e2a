/*
 * rules.h
 *		The built-in rules of a policy.  A rule fires or not; what comes of it (its outcome)
 *		is for whoever wrote the policy.
 */
#ifndef PGT_CORE_RULES_H
#define PGT_CORE_RULES_H

#include "core/base/address.h"
#include "core/base/buf.h"

typedef enum PgtcDecision
{
	PGTC_ALLOW,
	PGTC_REQUIRE,
	PGTC_DENY
} PgtcDecision;

/* "allow", "require", "deny" */
extern const char *pgtc_rules_decision_name(PgtcDecision decision);

typedef enum PgtcRuleKind
{
	PGTC_RULE_NETWORK_CHANGED,
	PGTC_RULE_ADDRESS_IN,
	PGTC_RULE_ADDRESS_NOT_IN,
	PGTC_RULE_USER_AGENT_CHANGED,
	PGTC_RULE_UNKNOWN_DEVICE,
	PGTC_RULE_RECOLLECTION,
	PGTC_RULE_IDLE,
	PGTC_RULE_VELOCITY,
	PGTC_RULE_CONCURRENT_CONTEXT,
	PGTC_RULE_IMPOSSIBLE_TRAVEL,
	PGTC_RULE_MFA_AGE,
	PGTC_RULE_OUTSIDE_HOURS,
	PGTC_RULE_RISK_SCORE,
	PGTC_RULE_ON_BEHALF,
	PGTC_RULE_FUNCTION /* an SQL function of the administrator's; not judged here */
} PgtcRuleKind;

#define PGTC_RULES_MAX 32
#define PGTC_RULE_NETWORKS_MAX 1000

typedef enum PgtcUserAgentGranularity
{
	PGTC_UA_FAMILY, /* family or platform differs */
	PGTC_UA_VERSION, /* or the major version went down */
	PGTC_UA_EXACT /* any difference */
} PgtcUserAgentGranularity;

/*
 * One rule.  JSON: {"rule": <kind>, "outcome": "allow"|"require"|"deny", members}.
 * Members and their defaults:
 *
 *	network_changed		ipv4_prefix 24, ipv6_prefix 48, since "last"|"first" ("last")
 *	address_in			networks [cidr, ...] (required)
 *	address_not_in		networks [cidr, ...] (required)
 *	user_agent_changed	granularity "family"|"version"|"exact" ("family"), since ("last")
 *	unknown_device		member "device_id"|"session_id" ("device_id")
 *	recollection		max_age seconds (optional)
 *	idle				longer_than seconds (required)
 *	velocity			refreshes n, within seconds (both required)
 *	concurrent_context	-
 *	impossible_travel	max_speed km/h (900), min_distance km (100)
 *	mfa_age				longer_than seconds (required)
 *	outside_hours		from "HH:MM", to "HH:MM" (required), timezone IANA name (required),
 *						days [1..7] (Monday = 1; all)
 *	risk_score			at_least number (required)
 *	on_behalf			-
 *	function			function "schema.name" (required); no outcome: it answers one
 */
typedef struct PgtcRule
{
	PgtcRuleKind kind;
	PgtcDecision outcome; /* of function: not used */
	bool since_first; /* network_changed, user_agent_changed */
	int ipv4_prefix;
	int ipv6_prefix;
	PgtcNetwork *networks; /* from mem */
	int n_networks;
	PgtcUserAgentGranularity granularity;
	bool by_session; /* unknown_device: member session_id */
	int64_t seconds; /* max_age, longer_than, within; -1: not given */
	int refreshes;
	double max_speed;
	double min_distance;
	int from_minute; /* of the day; from > to spans midnight, from = to is refused */
	int to_minute;
	unsigned days; /* bit 0 = Monday */
	double at_least;
	char *timezone; /* from mem, as the next */
	char *function;
} PgtcRule;

typedef struct PgtcRules
{
	int n;
	PgtcRule rule[PGTC_RULES_MAX];
} PgtcRules;

extern const char *pgtc_rules_name(PgtcRuleKind kind);

/* how many kinds there are, and when one fires, as the end of a sentence */
extern int pgtc_rules_kinds(void);
extern const char *pgtc_rules_fires_when(PgtcRuleKind kind);

/* a member of a rule, for who writes rules by a form */
typedef struct PgtcRuleForm
{
	PgtcRuleKind kind;
	const char *member;
	bool required;
	const char *form; /* see PgtcRuleMember, as the next two */
	const char *fallback;
	const char *expected;
	const char *words[4]; /* ends with NULL */
} PgtcRuleForm;

/* the nth member of all rules; false: there are no more */
extern bool pgtc_rules_form(int n, PgtcRuleForm *form);

/*
 * Reads an array of rules.  PGTC_E_MALFORMED with an English phrase in problem
 * ("rule 2 (idle): longer_than must be ...") for anything else: no array, none or
 * more than PGTC_RULES_MAX, unknown rule, unknown, missing or repeated member,
 * member of the wrong type or range.  A rule's own strings come from mem; on
 * failure everything is given back.
 */
#define PGTC_PROBLEM_MAX 200
extern PgtcCode pgtc_rules_read(PgtcSlice json, const PgtcMem *mem, PgtcRules *out,
								char problem[PGTC_PROBLEM_MAX]);
extern void pgtc_rules_free(PgtcRules *rules, const PgtcMem *mem);

#endif /* PGT_CORE_RULES_H */
