/*
 * risk.c
 *		The built-in rules of a policy: which of them fire for a request.
 *
 * What was shown before and is hidden now counts as changed: whoever stole a
 * token could otherwise pass by saying less.  Comparisons with numbers that are
 * none (NaN) are false, so that such a rule does not fire.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/risk/risk.h"
#include "core/base/printable.h"
#include "core/risk/user_agent.h"

#define SECOND INT64_C(1000000)
#define DAY_BITS 7
/* of a client's clock that is ahead of ours */
#define CLOCK_SKEW 60
/* IUGG mean radius */
#define EARTH_RADIUS_KM 6371.0088
#define RADIANS(degrees) ((degrees) * (3.14159265358979323846 / 180))
#define SHOWN_MAX 60

/* what a user supplied, for an administrator's eyes */
typedef struct Shown
{
	char text[SHOWN_MAX + 1];
} Shown;

static bool because(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool
because(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PGTC_WHY_MAX, format, args);
	va_end(args);
	return true;
}

/* NULL when there is nothing to compare with */
static const PgtcRequestContext *
context_before(const PgtcRule *rule, const PgtcRiskFacts *facts)
{
	if (!facts->has_family)
		return NULL;
	return rule->since_first ? &facts->first : &facts->last;
}

/* printable, and cut */
static Shown
shown(PgtcSlice in)
{
	Shown out;

	pgtc_printable_ascii(in, out.text, sizeof(out.text));
	return out;
}

static bool
network_changed(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	const PgtcRequestContext *before = context_before(rule, facts);
	PgtcAddress address;
	PgtcAddress was;

	if (before == NULL || before->ip.data == NULL)
		return false;
	if (facts->now.ip.data == NULL)
		return because(why, "the request names no ip, %s did", shown(before->ip).text);
	if (pgtc_request_context_same_address(facts->now.ip, before->ip, 32, 128))
		return false;
	if (pgtc_address_parse(facts->now.ip, &address) == PGTC_OK &&
		pgtc_address_parse(before->ip, &was) == PGTC_OK &&
		pgtc_address_same_network(&address, &was, rule->ipv4_prefix, rule->ipv6_prefix))
		return false;
	return because(why, "ip %s is of another network than %s", shown(facts->now.ip).text,
				   shown(before->ip).text);
}

static bool
in_networks(const PgtcRule *rule, const PgtcAddress *address)
{
	int i;

	for (i = 0; i < rule->n_networks; i++)
	{
		if (pgtc_address_in_network(&rule->networks[i], address))
			return true;
	}
	return false;
}

static bool
address_in(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	PgtcAddress address;

	if (pgtc_address_parse(facts->now.ip, &address) != PGTC_OK || !in_networks(rule, &address))
		return false;
	return because(why, "ip %s is in the rule's networks", shown(facts->now.ip).text);
}

static bool
address_not_in(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	PgtcAddress address;

	if (facts->now.ip.data == NULL)
		return because(why, "the request names no ip");
	if (pgtc_address_parse(facts->now.ip, &address) == PGTC_OK && in_networks(rule, &address))
		return false;
	return because(why, "ip %s is in none of the rule's networks", shown(facts->now.ip).text);
}

static Shown
shown_user_agent(const PgtcUserAgent *agent)
{
	Shown out;

	pgtc_user_agent_show(agent, out.text, sizeof(out.text));
	return out;
}

static bool
user_agent_changed(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	const PgtcRequestContext *before = context_before(rule, facts);
	PgtcUserAgent agent;
	PgtcUserAgent was;

	if (before == NULL || before->user_agent.data == NULL)
		return false;
	if (facts->now.user_agent.data == NULL)
		return because(why, "the request names no user agent, it was \"%s\"",
					   shown(before->user_agent).text);
	if (pgtc_slice_equal(facts->now.user_agent, before->user_agent))
		return false;
	if (rule->granularity == PGTC_UA_EXACT)
		return because(why, "user agent \"%s\" was \"%s\"", shown(facts->now.user_agent).text,
					   shown(before->user_agent).text);

	pgtc_user_agent_parse(facts->now.user_agent, &agent);
	pgtc_user_agent_parse(before->user_agent, &was);
	if (strcmp(agent.family, was.family) == 0 && strcmp(agent.platform, was.platform) == 0 &&
		(rule->granularity != PGTC_UA_VERSION || agent.major >= was.major))
		return false;
	return because(why, "user agent %s was %s", shown_user_agent(&agent).text,
				   shown_user_agent(&was).text);
}

/* the ids themselves are not told: one that is known opens doors */
static bool
unknown_device(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	const char *name = rule->by_session ? "session_id" : "device_id";
	const PgtcRequestContext *now = &facts->now;
	const PgtcRequestContext *last = &facts->last;
	const PgtcRequestContext *first = &facts->first;

	if ((rule->by_session ? now->session_id : now->device_id).data == NULL)
		return because(why, "the request names no %s", name);
	if (!facts->has_family)
		return false;
	if (rule->by_session ? pgtc_request_context_same_member(now->session_id, last->session_id) ||
							   pgtc_request_context_same_member(now->session_id, first->session_id)
						 : pgtc_request_context_same_member(now->device_id, last->device_id) ||
							   pgtc_request_context_same_member(now->device_id, first->device_id))
		return false;
	return because(why, "the %s is neither the last nor the first of the family", name);
}

/* the difference of two int64_t fits an uint64_t once one knows which is greater */
static bool
older_than(int64_t at, int64_t then, int64_t seconds)
{
	return at > then && (uint64_t) at - (uint64_t) then > (uint64_t) (seconds * SECOND);
}

/* then comes first; rounded up, so that more than a limit reads as more */
static int64_t
seconds_between(int64_t then, int64_t at)
{
	uint64_t elapsed = (uint64_t) at - (uint64_t) then;

	return (int64_t) (elapsed / SECOND + (elapsed % SECOND != 0));
}

static bool
recollection(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	const PgtcRequestContext *now = &facts->now;

	if (now->session_id.data == NULL)
		return because(why, "the request names no session_id");
	if (facts->collection_seen &&
		!(facts->retry && facts->has_family &&
		  pgtc_request_context_same_member(now->session_id, facts->last.session_id)))
		return because(why, "the session_id was presented before");
	if (rule->seconds < 0)
		return false;
	if (now->collected_at < 0)
		return because(why, "the request does not say when its data was collected");
	if (older_than(facts->at, now->collected_at, rule->seconds))
		return because(why, "the data was collected %" PRId64 " seconds ago, more than %" PRId64,
					   seconds_between(now->collected_at, facts->at), rule->seconds);
	if (older_than(now->collected_at, facts->at, CLOCK_SKEW))
		return because(why, "the data was collected %" PRId64 " seconds from now",
					   seconds_between(facts->at, now->collected_at));
	return false;
}

static bool
idle(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	if (!facts->has_family || !older_than(facts->at, facts->last_at, rule->seconds))
		return false;
	return because(why, "last used %" PRId64 " seconds ago, more than %" PRId64,
				   seconds_between(facts->last_at, facts->at), rule->seconds);
}

static bool
velocity(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	if (!facts->has_family || facts->refreshes < rule->refreshes)
		return false;
	return because(why, "%d refreshes within %" PRId64 " seconds before this one", facts->refreshes,
				   rule->seconds);
}

static bool
concurrent_context(const PgtcRiskFacts *facts, char *why)
{
	const PgtcRequestContext *now = &facts->now;
	const PgtcRequestContext *last = &facts->last;
	const char *what;

	if (!facts->has_family || !facts->retry || pgtc_request_context_same(now, last))
		return false;
	if (!pgtc_request_context_same_address(now->ip, last->ip, 32, 128))
		what = "ip";
	else if (!pgtc_request_context_same_member(now->user_agent, last->user_agent))
		what = "user_agent";
	else if (!pgtc_request_context_same_member(now->device_id, last->device_id))
		what = "device_id";
	else
		what = "session_id";
	return because(why, "the same refresh token was presented with another %s just before", what);
}

/* along a great circle, by the haversine formula */
static double
distance_km(const PgtcRequestContext *a, const PgtcRequestContext *b)
{
	double latitude_sine = sin(RADIANS(b->latitude - a->latitude) / 2);
	double longitude_sine = sin(RADIANS(b->longitude - a->longitude) / 2);
	double h = latitude_sine * latitude_sine + cos(RADIANS(a->latitude)) *
												   cos(RADIANS(b->latitude)) * longitude_sine *
												   longitude_sine;

	/* antipodes may come out a rounding error beyond 1 */
	return 2 * EARTH_RADIUS_KM * asin(h > 1 ? 1 : sqrt(h));
}

static bool
impossible_travel(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	double distance;
	double hours;

	if (!facts->has_family || !facts->now.has_location || !facts->last.has_location)
		return false;
	distance = distance_km(&facts->last, &facts->now);
	/* no time, or less than none, is no excuse for having moved */
	hours = facts->at > facts->last_at ? ((double) facts->at - (double) facts->last_at) / 3.6e9 : 0;
	if (!(distance >= rule->min_distance) || !(distance > rule->max_speed * hours))
		return false;
	return because(why, "%.0f km in %" PRId64 " seconds, faster than %.0f km/h", distance,
				   facts->at > facts->last_at ? seconds_between(facts->last_at, facts->at) : 0,
				   rule->max_speed);
}

static bool
mfa_age(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	if (facts->mfa_at < 0)
		return because(why, "several factors were never proved");
	if (!older_than(facts->at, facts->mfa_at, rule->seconds))
		return false;
	return because(why, "several factors were proved %" PRId64 " seconds ago, more than %" PRId64,
				   seconds_between(facts->mfa_at, facts->at), rule->seconds);
}

/* the hours after midnight belong to the day that they began on */
static bool
outside_hours(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	bool spans_midnight = rule->from_minute > rule->to_minute;
	int minute = facts->minute;
	int day = facts->weekday;
	bool inside;

	if (!spans_midnight)
		inside = minute >= rule->from_minute && minute < rule->to_minute;
	else
		inside = minute >= rule->from_minute || minute < rule->to_minute;
	if (spans_midnight && minute < rule->to_minute)
		day = (day + DAY_BITS - 1) % DAY_BITS;
	if (inside && (rule->days & 1U << day) != 0)
		return false;
	return because(why, "%02d:%02d on day %d is outside %02d:%02d to %02d:%02d of the rule's days",
				   minute / 60, minute % 60, facts->weekday + 1, rule->from_minute / 60,
				   rule->from_minute % 60, rule->to_minute / 60, rule->to_minute % 60);
}

static bool
risk_score(const PgtcRule *rule, const PgtcRiskFacts *facts, char *why)
{
	if (!facts->now.has_risk_score || !(facts->now.risk_score >= rule->at_least))
		return false;
	return because(why, "risk score %g is at least %g", facts->now.risk_score, rule->at_least);
}

static bool
on_behalf(const PgtcRiskFacts *facts, char *why)
{
	return facts->on_behalf && because(why, "somebody acts for the subject");
}

bool
pgtc_risk_fires(const PgtcRule *rule, const PgtcRiskFacts *facts, char why[PGTC_WHY_MAX])
{
	why[0] = '\0';
	switch (rule->kind)
	{
		case PGTC_RULE_NETWORK_CHANGED:
			return network_changed(rule, facts, why);
		case PGTC_RULE_ADDRESS_IN:
			return address_in(rule, facts, why);
		case PGTC_RULE_ADDRESS_NOT_IN:
			return address_not_in(rule, facts, why);
		case PGTC_RULE_USER_AGENT_CHANGED:
			return user_agent_changed(rule, facts, why);
		case PGTC_RULE_UNKNOWN_DEVICE:
			return unknown_device(rule, facts, why);
		case PGTC_RULE_RECOLLECTION:
			return recollection(rule, facts, why);
		case PGTC_RULE_IDLE:
			return idle(rule, facts, why);
		case PGTC_RULE_VELOCITY:
			return velocity(rule, facts, why);
		case PGTC_RULE_CONCURRENT_CONTEXT:
			return concurrent_context(facts, why);
		case PGTC_RULE_IMPOSSIBLE_TRAVEL:
			return impossible_travel(rule, facts, why);
		case PGTC_RULE_MFA_AGE:
			return mfa_age(rule, facts, why);
		case PGTC_RULE_OUTSIDE_HOURS:
			return outside_hours(rule, facts, why);
		case PGTC_RULE_RISK_SCORE:
			return risk_score(rule, facts, why);
		case PGTC_RULE_ON_BEHALF:
			return on_behalf(facts, why);
		case PGTC_RULE_FUNCTION:
			break;
	}
	return false;
}
