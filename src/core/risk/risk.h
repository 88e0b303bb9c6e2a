/*
 * risk.h
 *		Does a rule of a policy fire?  A function of what it is given: no clock, no state.
 */
#ifndef PGT_CORE_RISK_H
#define PGT_CORE_RISK_H

#include "core/risk/request_context.h"
#include "core/risk/rules.h"

typedef struct PgtcRiskFacts
{
	PgtcRequestContext now; /* of the request that is judged */
	bool has_family; /* false at a first issue: then last, first, last_at mean nothing */
	PgtcRequestContext last; /* of the family's last rotation */
	PgtcRequestContext first; /* of its first issue */
	bool on_behalf; /* somebody acts for the subject */
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
extern bool pgtc_risk_fires(const PgtcRule *rule, const PgtcRiskFacts *facts,
							char why[PGTC_WHY_MAX]);

#endif /* PGT_CORE_RISK_H */
