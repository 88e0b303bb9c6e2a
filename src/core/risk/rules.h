/*
 * rules.h
 *		What a request's context says about its risk: addresses, user agents, and
 *		the built-in rules of a policy.
 *
 * A rule fires or not; what comes of it (its outcome) is for whoever wrote the
 * policy.  Everything here is a function of what it is given: no clock, no state.
 */
#ifndef PGT_CORE_RISK_H
#define PGT_CORE_RISK_H

#include "core/base/buf.h"

/* --- addresses --------------------------------------------------------------- */

typedef struct PgtcAddress
{
	int bits; /* 32 or 128; 0: none */
	uint8_t bytes[16]; /* network order */
} PgtcAddress;

typedef struct PgtcNetwork
{
	PgtcAddress address;
	int prefix;
} PgtcNetwork;

/* one IPv4 or IPv6 address in text; an IPv4-mapped IPv6 one becomes IPv4; PGTC_E_MALFORMED */
extern PgtcCode pgtc_address_parse(PgtcSlice in, PgtcAddress *out);

/* address "/" prefix, or a bare address; PGTC_E_MALFORMED, also for bits set right of the prefix */
extern PgtcCode pgtc_network_parse(PgtcSlice in, PgtcNetwork *out);
extern bool pgtc_network_contains(const PgtcNetwork *network, const PgtcAddress *address);

/* false when they are of different versions */
extern bool pgtc_address_same_network(const PgtcAddress *a, const PgtcAddress *b, int ipv4_prefix,
									  int ipv6_prefix);

/* --- user agents --------------------------------------------------------------- */

/* as much as tells a browser's update from another program: names are ASCII, lower case */
typedef struct PgtcUserAgent
{
	char family[32]; /* chrome, firefox, safari, edge, ..., else the first product token */
	char platform[16]; /* windows, macos, ios, android, linux, ...; "" unknown */
	int major; /* -1: none */
} PgtcUserAgent;

/* never fails: whatever comes is some family */
extern void pgtc_user_agent_parse(PgtcSlice in, PgtcUserAgent *out);

/* --- rules ------------------------------------------------------------------------ */

typedef enum PgtcDecision
{
	PGTC_ALLOW,
	PGTC_REQUIRE,
	PGTC_DENY
} PgtcDecision;

/* "allow", "require", "deny" */
extern const char *pgtc_decision_name(PgtcDecision decision);

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

extern const char *pgtc_rule_name(PgtcRuleKind kind);

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

/* what is known of one request; absent strings have data == NULL */
typedef struct PgtcRequestContext
{
	PgtcSlice session_id;
	PgtcSlice device_id;
	PgtcSlice user_agent;
	PgtcSlice ip; /* text */
	bool has_location;
	double latitude; /* degrees */
	double longitude;
	bool has_risk_score;
	double risk_score;
	int64_t collected_at; /* microseconds since 1970; -1: not said */
} PgtcRequestContext;

typedef struct PgtcRiskFacts
{
	PgtcRequestContext now; /* of the request that is judged */
	bool has_family; /* false at a first issue: then last, first, last_at mean nothing */
	PgtcRequestContext last; /* of the family's last rotation */
	PgtcRequestContext first; /* of its first issue */
	bool retry; /* the predecessor is presented again inside the retry window */
	int64_t at; /* microseconds since 1970, as the next two */
	int64_t last_at; /* of the last rotation */
	int64_t mfa_at; /* when the subject last proved several factors; -1: never */
	/* looked up by the caller for the rule at hand, where its kind needs it */
	int minute; /* outside_hours: of the day, in the rule's time zone */
	int weekday; /* outside_hours: 0 = Monday */
	int refreshes; /* velocity: of the family within the rule's seconds, this one not counted */
	bool collection_seen; /* recollection: the session_id was presented with an earlier rotation */
} PgtcRiskFacts;

/*
 * Does the built-in rule fire?  If so, why[] says it to an administrator, in
 * English and at most a line; user-supplied strings in it are cut and printable.
 * What the context does not say: network_changed, user_agent_changed and
 * address_not_in fire when the request hides what the family had shown before
 * (address_not_in: when it names none); unknown_device fires when the member is
 * missing, recollection when session_id is missing; impossible_travel, risk_score
 * and address_in do not.  Rules that compare do not fire without a family.
 * recollection: session_id missing; or seen before (not for a retry with the
 * rotation's own); or collected_at given and older than max_age, or max_age asked
 * for and collected_at missing or more than a minute in the future.
 * concurrent_context: a retry whose ip, user_agent, device_id or session_id is not
 * the rotation's.  velocity: refreshes >= n.  idle: at - last_at > seconds, and
 * mfa_age: never, or at - mfa_at > seconds.
 */
#define PGTC_WHY_MAX 200
extern bool pgtc_rule_fires(const PgtcRule *rule, const PgtcRiskFacts *facts,
							char why[PGTC_WHY_MAX]);

/* do the two name the same ip, user_agent, device_id and session_id? */
extern bool pgtc_same_context(const PgtcRequestContext *a, const PgtcRequestContext *b);

#endif /* PGT_CORE_RISK_H */
