/*
 * test_risk.c
 *		When the built-in rules of a policy fire, at their boundaries.
 */
#include <math.h>
#include <stdio.h>

#include "unit.h"

#define NOW INT64_C(1700000000000000)
#define SECOND INT64_C(1000000)

#define CHROME(system, version)                                                       \
	"Mozilla/5.0 (" system ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" version \
	" Safari/537.36"
#define WINDOWS "Windows NT 10.0; Win64; x64"
#define CHROME_120 CHROME(WINDOWS, "120.0.0.0")
#define CHROME_121 CHROME(WINDOWS, "121.0.0.0")
#define CHROME_120_MAC CHROME("Macintosh; Intel Mac OS X 10_15_7", "120.0.0.0")
#define FIREFOX_120 "Mozilla/5.0 (" WINDOWS "; rv:120.0) Gecko/20100101 Firefox/120.0"

/* of a rule as a policy has it: it says why if it fires, in a printable line */
static bool
judge(const char *kind, const char *members, const PgtcRiskFacts *facts, char why[PGTC_WHY_MAX])
{
	char json[500];
	char problem[PGTC_PROBLEM_MAX];
	PgtcRules rules;
	bool result;
	size_t i;

	snprintf(json, sizeof(json), "[{\"rule\":\"%s\",\"outcome\":\"deny\"%s%s}]", kind,
			 members[0] ? "," : "", members);
	CHECK_CODE(pgtc_rules_read(pgtc_slice_str(json), &unit_mem, &rules, problem), PGTC_OK);
	result = pgtc_risk_fires(&rules.rule[0], facts, why);
	CHECK((why[0] != '\0') == result);
	for (i = 0; why[i] != '\0'; i++)
	{
		if (why[i] < ' ' || why[i] > '~')
			CHECK(false);
	}
	pgtc_rules_free(&rules, &unit_mem);
	return result;
}

static bool
fires(const char *kind, const char *members, const PgtcRiskFacts *facts)
{
	char why[PGTC_WHY_MAX];

	return judge(kind, members, facts, why);
}

static bool
says(const char *kind, const char *members, const PgtcRiskFacts *facts, const char *expected)
{
	char why[PGTC_WHY_MAX];

	return judge(kind, members, facts, why) && strcmp(why, expected) == 0;
}

/* a family that was used a minute ago, whose context says nothing */
static PgtcRiskFacts
family(void)
{
	PgtcRiskFacts facts;

	memset(&facts, 0, sizeof(facts));
	facts.has_family = true;
	facts.at = NOW;
	facts.last_at = NOW - 60 * SECOND;
	facts.mfa_at = -1;
	facts.now.collected_at = facts.last.collected_at = facts.first.collected_at = -1;
	return facts;
}

static bool
moved(const char *members, const char *last, const char *now)
{
	PgtcRiskFacts facts = family();

	facts.first.ip = LITERAL("203.0.113.1");
	facts.last.ip = pgtc_slice_str(last);
	facts.now.ip = pgtc_slice_str(now);
	return fires("network_changed", members, &facts);
}

/* Attack: a refresh token used from another network than its owner's. */
static void
network_changed(void)
{
	PgtcRiskFacts facts = family();

	CHECK(!moved("", "192.0.2.1", "192.0.2.1"));
	CHECK(!moved("", "192.0.2.0", "192.0.2.255"));
	CHECK(moved("", "192.0.2.255", "192.0.3.0"));
	CHECK(!moved("\"ipv4_prefix\":23", "192.0.2.255", "192.0.3.0"));
	CHECK(moved("\"ipv4_prefix\":32", "192.0.2.1", "192.0.2.2"));
	CHECK(!moved("\"ipv4_prefix\":32", "192.0.2.1", "192.0.2.1"));
	CHECK(!moved("", "2001:db8:1::1", "2001:db8:1:ffff::1"));
	CHECK(moved("", "2001:db8:1::1", "2001:db8:2::1"));
	CHECK(!moved("\"ipv6_prefix\":32", "2001:db8:1::1", "2001:db8:2::1"));
	CHECK(!moved("", "192.0.2.1", "::ffff:192.0.2.9"));
	CHECK(moved("", "192.0.2.1", "::ffff:192.0.3.9"));
	CHECK(moved("", "192.0.2.1", "2001:db8::1"));
	CHECK(moved("\"ipv4_prefix\":1,\"ipv6_prefix\":1", "2001:db8::1", "192.0.2.1"));
	/* hidden, never shown, no address */
	CHECK(moved("", "192.0.2.1", NULL));
	CHECK(!moved("", NULL, "192.0.2.1"));
	CHECK(!moved("", NULL, NULL));
	CHECK(moved("", "192.0.2.1", ""));
	CHECK(moved("", "192.0.2.1", "nonsense"));
	CHECK(moved("", "nonsense", "192.0.2.1"));
	CHECK(!moved("", "nonsense", "nonsense"));
	/* the first one rather than the last */
	CHECK(moved("\"since\":\"first\"", "192.0.2.1", "192.0.2.1"));
	CHECK(!moved("\"since\":\"first\"", "192.0.2.1", "203.0.113.200"));
	CHECK(moved("\"since\":\"last\"", "192.0.2.1", "203.0.113.200"));

	facts.last.ip = LITERAL("192.0.2.1");
	facts.now.ip = LITERAL("203.0.113.7");
	CHECK(
		says("network_changed", "", &facts, "ip 203.0.113.7 is of another network than 192.0.2.1"));
	facts.has_family = false;
	CHECK(!fires("network_changed", "", &facts));
}

static bool
from_address(const char *kind, const char *ip)
{
	PgtcRiskFacts facts = family();
	bool result;

	facts.now.ip = pgtc_slice_str(ip);
	result =
		fires(kind, "\"networks\":[\"192.0.2.0/24\",\"2001:db8::/32\",\"198.51.100.7\"]", &facts);
	/* a first issue is judged alike */
	facts.has_family = false;
	CHECK(fires(kind, "\"networks\":[\"192.0.2.0/24\",\"2001:db8::/32\",\"198.51.100.7\"]",
				&facts) == result);
	return result;
}

static void
address_lists(void)
{
	static const struct
	{
		const char *ip;
		bool in;
	} cases[] = {
		{"192.0.1.255", false},		 {"192.0.2.0", true},		  {"192.0.2.255", true},
		{"192.0.3.0", false},		 {"198.51.100.7", true},	  {"198.51.100.8", false},
		{"::ffff:192.0.2.9", true},	 {"2001:db8:ffff::", true},	  {"2001:db9::", false},
		{"2001:db7:ffff::1", false}, {"::ffff:192.0.3.0", false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CHECK(from_address("address_in", cases[i].ip) == cases[i].in);
		CHECK(from_address("address_not_in", cases[i].ip) == !cases[i].in);
	}
	/* Attack: no address, or what is none, to be on the list of the good. */
	CHECK(!from_address("address_in", NULL) && from_address("address_not_in", NULL));
	CHECK(!from_address("address_in", "") && from_address("address_not_in", ""));
	CHECK(!from_address("address_in", "192.0.2") && from_address("address_not_in", "192.0.2"));
}

static bool
other_agent(const char *members, const char *last, const char *now)
{
	PgtcRiskFacts facts = family();

	facts.first.user_agent = LITERAL("curl/7.88.1");
	facts.last.user_agent = pgtc_slice_str(last);
	facts.now.user_agent = pgtc_slice_str(now);
	return fires("user_agent_changed", members, &facts);
}

/* Attack: a refresh token used by another program than it was given to. */
static void
user_agent_changed(void)
{
	static const char version[] = "\"granularity\":\"version\"";
	static const char exact[] = "\"granularity\":\"exact\"";
	PgtcRiskFacts facts = family();

	CHECK(!other_agent("", CHROME_120, CHROME_120));
	CHECK(!other_agent("", CHROME_120, CHROME_121));
	CHECK(!other_agent("", CHROME_121, CHROME_120));
	CHECK(other_agent("", CHROME_120, FIREFOX_120));
	CHECK(other_agent("", CHROME_120, CHROME_120_MAC));
	CHECK(!other_agent(version, CHROME_120, CHROME_120));
	CHECK(!other_agent(version, CHROME_120, CHROME_121));
	CHECK(other_agent(version, CHROME_121, CHROME_120));
	CHECK(other_agent(version, CHROME_120, FIREFOX_120));
	CHECK(other_agent(version, CHROME_120, CHROME_120_MAC));
	CHECK(!other_agent(version, "curl/7.88.1", "curl/7.1"));
	CHECK(other_agent(version, "curl/7.88.1", "curl"));
	CHECK(!other_agent(version, "curl", "curl/7.88.1"));
	CHECK(!other_agent(exact, CHROME_120, CHROME_120));
	CHECK(other_agent(exact, CHROME_120, CHROME_121));
	CHECK(other_agent(exact, "curl/7.88.1", "curl/7.88.1 "));
	CHECK(other_agent(exact, "curl/7.88.1", "Curl/7.88.1"));
	/* hidden, never shown, empty */
	CHECK(other_agent("", CHROME_120, NULL));
	CHECK(other_agent(exact, CHROME_120, NULL));
	CHECK(!other_agent("", NULL, CHROME_120));
	CHECK(!other_agent(exact, NULL, CHROME_120));
	CHECK(other_agent("", CHROME_120, ""));
	CHECK(other_agent("", "", CHROME_120));
	CHECK(!other_agent("", "", ""));
	CHECK(!other_agent("\"since\":\"first\"", CHROME_120, "curl/8.0.0"));
	CHECK(other_agent("\"since\":\"first\"", CHROME_120, CHROME_120));

	facts.last.user_agent = LITERAL(CHROME_120);
	facts.now.user_agent = LITERAL(FIREFOX_120);
	CHECK(says("user_agent_changed", "", &facts,
			   "user agent firefox 120 on windows was chrome 120 on windows"));
	/* Attack: a line of one's own in an administrator's report. */
	facts.now.user_agent = LITERAL("a\nb\x1b[1m\xc3\xa4\0"
								   "0123456789012345678901234567890123456789012345678901234567890");
	CHECK(says("user_agent_changed", exact, &facts,
			   "user agent \"a?b?[1m???01234567890123456789012345678901234567890123456789\" was "
			   "\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\""));
	facts.has_family = false;
	CHECK(!fires("user_agent_changed", "", &facts));
}

static void
unknown_device(void)
{
	static const char session[] = "\"member\":\"session_id\"";
	PgtcRiskFacts facts = family();

	facts.first.device_id = LITERAL("phone");
	facts.last.device_id = LITERAL("laptop");
	facts.last.session_id = LITERAL("s1");
	facts.now.device_id = LITERAL("laptop");
	CHECK(!fires("unknown_device", "", &facts));
	facts.now.device_id = LITERAL("phone");
	CHECK(!fires("unknown_device", "", &facts));
	/* Attack: an id that only begins or ends like one that is known. */
	facts.now.device_id = LITERAL("phon");
	CHECK(fires("unknown_device", "", &facts));
	facts.now.device_id = LITERAL("phone1");
	CHECK(fires("unknown_device", "", &facts));
	facts.now.device_id = LITERAL("");
	CHECK(fires("unknown_device", "", &facts));
	facts.now.device_id = pgtc_slice(NULL, 0);
	CHECK(says("unknown_device", "", &facts, "the request names no device_id"));

	CHECK(says("unknown_device", session, &facts, "the request names no session_id"));
	facts.now.session_id = LITERAL("s1");
	CHECK(!fires("unknown_device", session, &facts));
	facts.now.session_id = LITERAL("s2");
	CHECK(fires("unknown_device", session, &facts));
	facts.first.session_id = LITERAL("s2");
	CHECK(!fires("unknown_device", session, &facts));

	/* a first issue: nothing to compare with, but the id must be there */
	facts.has_family = false;
	facts.now.device_id = LITERAL("new");
	CHECK(!fires("unknown_device", "", &facts));
	facts.now.device_id = pgtc_slice(NULL, 0);
	CHECK(fires("unknown_device", "", &facts));
}

static void
recollection(void)
{
	static const char max_age[] = "\"max_age\":300";
	PgtcRiskFacts facts = family();

	CHECK(fires("recollection", "", &facts));
	facts.now.session_id = LITERAL("s2");
	facts.last.session_id = LITERAL("s1");
	CHECK(!fires("recollection", "", &facts));
	CHECK(fires("recollection", max_age, &facts));
	facts.now.collected_at = NOW - 300 * SECOND;
	CHECK(!fires("recollection", max_age, &facts));
	facts.now.collected_at--;
	CHECK(says("recollection", max_age, &facts,
			   "the data was collected 301 seconds ago, more than 300"));
	CHECK(!fires("recollection", "", &facts));
	facts.now.collected_at = NOW + 60 * SECOND;
	CHECK(!fires("recollection", max_age, &facts));
	facts.now.collected_at++;
	CHECK(says("recollection", max_age, &facts, "the data was collected 61 seconds from now"));
	CHECK(!fires("recollection", "", &facts));
	facts.now.collected_at = INT64_MAX;
	CHECK(fires("recollection", max_age, &facts));
	facts.now.collected_at = 0;
	CHECK(fires("recollection", max_age, &facts));

	/* Attack: the same collection presented again and again. */
	facts.now.collected_at = NOW;
	facts.collection_seen = true;
	CHECK(fires("recollection", "", &facts));
	CHECK(fires("recollection", max_age, &facts));
	facts.now.session_id = LITERAL("s1");
	CHECK(fires("recollection", "", &facts));
	/* a retry repeats what it was sent with, and nothing else */
	facts.retry = true;
	CHECK(!fires("recollection", "", &facts));
	CHECK(!fires("recollection", max_age, &facts));
	facts.now.session_id = LITERAL("s0");
	CHECK(fires("recollection", "", &facts));
	facts.now.session_id = LITERAL("s1");
	facts.now.collected_at = NOW - 301 * SECOND;
	CHECK(fires("recollection", max_age, &facts));
	/* at a first issue there is no retry */
	facts.has_family = false;
	CHECK(fires("recollection", "", &facts));
}

static void
ages(void)
{
	static const char hour[] = "\"longer_than\":3600";
	PgtcRiskFacts facts = family();

	facts.last_at = NOW - 3600 * SECOND;
	CHECK(!fires("idle", hour, &facts));
	facts.last_at--;
	CHECK(says("idle", hour, &facts, "last used 3601 seconds ago, more than 3600"));
	facts.last_at += 2;
	CHECK(!fires("idle", hour, &facts));
	facts.last_at = NOW + 7200 * SECOND;
	CHECK(!fires("idle", hour, &facts));
	facts.last_at = INT64_MIN;
	CHECK(fires("idle", hour, &facts));
	facts.has_family = false;
	CHECK(!fires("idle", hour, &facts));

	/* with or without a family */
	CHECK(fires("mfa_age", hour, &facts));
	facts.mfa_at = NOW - 3600 * SECOND;
	CHECK(!fires("mfa_age", hour, &facts));
	facts.mfa_at--;
	CHECK(says("mfa_age", hour, &facts,
			   "several factors were proved 3601 seconds ago, more than 3600"));
	facts.mfa_at = NOW + 1;
	CHECK(!fires("mfa_age", hour, &facts));
	facts.mfa_at = 0;
	CHECK(fires("mfa_age", hour, &facts));
}

static void
velocity(void)
{
	static const char five[] = "\"refreshes\":5,\"within\":60";
	PgtcRiskFacts facts = family();

	facts.refreshes = 4;
	CHECK(!fires("velocity", five, &facts));
	facts.refreshes = 5;
	CHECK(says("velocity", five, &facts, "5 refreshes within 60 seconds before this one"));
	facts.refreshes = 6;
	CHECK(fires("velocity", five, &facts));
	facts.has_family = false;
	CHECK(!fires("velocity", five, &facts));
}

/* Attack: a stolen token presented inside the retry window, beside its owner. */
static void
concurrent_context(void)
{
	PgtcRequestContext context = {.session_id = LITERAL("s"),
								  .device_id = LITERAL("d"),
								  .user_agent = LITERAL("u"),
								  .ip = LITERAL("192.0.2.1")};
	PgtcRiskFacts facts = family();
	PgtcSlice *const members[] = {&facts.now.ip, &facts.now.user_agent, &facts.now.device_id,
								  &facts.now.session_id};
	static const char *const names[] = {"ip", "user_agent", "device_id", "session_id"};
	size_t i;

	facts.retry = true;
	facts.now = facts.last = context;
	CHECK(!fires("concurrent_context", "", &facts));
	for (i = 0; i < 4; i++)
	{
		char expected[100];

		snprintf(expected, sizeof(expected),
				 "the same refresh token was presented with another %s just before", names[i]);
		facts.now = context;
		*members[i] = LITERAL("x");
		CHECK(!pgtc_request_context_same(&facts.now, &facts.last));
		CHECK(says("concurrent_context", "", &facts, expected));
		/* hidden is another one, too, and so is empty; both hidden is not */
		*members[i] = LITERAL("");
		CHECK(fires("concurrent_context", "", &facts));
		*members[i] = pgtc_slice(NULL, 0);
		CHECK(fires("concurrent_context", "", &facts));
		facts.last = facts.now;
		CHECK(!fires("concurrent_context", "", &facts));
		*members[i] = LITERAL("");
		CHECK(fires("concurrent_context", "", &facts));
		facts.last = context;
	}
	facts.retry = false;
	CHECK(!fires("concurrent_context", "", &facts));
	facts.retry = true;
	facts.has_family = false;
	CHECK(!fires("concurrent_context", "", &facts));

	/* addresses count, not how they are written */
	facts.now = context;
	facts.now.ip = LITERAL("::ffff:192.0.2.1");
	CHECK(pgtc_request_context_same(&facts.now, &context));
	facts.now.ip = LITERAL("192.0.2.2");
	CHECK(!pgtc_request_context_same(&facts.now, &context));
	/* what else there is does not */
	facts.now = context;
	facts.now.collected_at = 7;
	facts.now.has_risk_score = facts.now.has_location = true;
	CHECK(pgtc_request_context_same(&facts.now, &context));
}

typedef struct Place
{
	double latitude;
	double longitude;
} Place;

static const Place berlin = {52.5200, 13.4050};
static const Place london = {51.5074, -0.1278};
static const Place paris = {48.8566, 2.3522};
static const Place new_york = {40.7128, -74.0060};
static const Place sydney = {-33.8688, 151.2093};
static const Place suva = {-18.1416, 178.4419};
static const Place apia = {-13.8333, -171.7667};

static bool
travelled(Place from, Place to, int64_t microseconds, const char *members)
{
	PgtcRiskFacts facts = family();

	facts.last_at = NOW - microseconds;
	facts.last.has_location = facts.now.has_location = true;
	facts.last.latitude = from.latitude;
	facts.last.longitude = from.longitude;
	facts.now.latitude = to.latitude;
	facts.now.longitude = to.longitude;
	return fires("impossible_travel", members, &facts);
}

/* Attack: a token that is used here and, too soon, on another continent. */
static void
impossible_travel(void)
{
	static const char anywhere[] = "\"min_distance\":0";
	/* a degree of the equator is 111.195 km */
	static const Place zero = {0, 0};
	static const Place one = {0, 1};
	PgtcRiskFacts facts = family();

	/* 6,385 km: an hour is too little, a flight of eight is not */
	CHECK(travelled(berlin, new_york, 3600 * SECOND, ""));
	CHECK(travelled(berlin, new_york, 7 * 3600 * SECOND, ""));
	CHECK(!travelled(berlin, new_york, 8 * 3600 * SECOND, ""));
	CHECK(travelled(new_york, berlin, 7 * 3600 * SECOND, ""));
	/* 344 km in 23 minutes */
	CHECK(travelled(london, paris, 1370 * SECOND, ""));
	CHECK(!travelled(london, paris, 1380 * SECOND, ""));
	/* 16,990 km in 19 hours */
	CHECK(travelled(london, sydney, 18 * 3600 * SECOND, ""));
	CHECK(!travelled(london, sydney, 19 * 3600 * SECOND, ""));
	/* across the antimeridian it is 1,150 km, not the way around the world */
	CHECK(travelled(suva, apia, 75 * 60 * SECOND, ""));
	CHECK(!travelled(suva, apia, 80 * 60 * SECOND, ""));
	CHECK(travelled(apia, suva, 75 * 60 * SECOND, ""));
	CHECK(!travelled(apia, suva, 80 * 60 * SECOND, ""));

	CHECK(!travelled(berlin, berlin, 0, anywhere));
	CHECK(!travelled(berlin, berlin, SECOND, anywhere));
	CHECK(travelled(berlin, paris, 0, ""));
	CHECK(travelled(berlin, paris, -3600 * SECOND, ""));
	/* how far and how fast */
	CHECK(travelled(zero, one, 0, "\"min_distance\":111.19"));
	CHECK(!travelled(zero, one, 0, "\"min_distance\":111.20"));
	CHECK(travelled(zero, one, 3600 * SECOND, "\"max_speed\":111.19"));
	CHECK(!travelled(zero, one, 3600 * SECOND, "\"max_speed\":111.20"));
	CHECK(!travelled(zero, (Place){0, 0.89}, 0, ""));
	CHECK(travelled(zero, (Place){0, 0.90}, 0, ""));
	/* antipodes, poles, and no numbers at all */
	CHECK(travelled(zero, (Place){0, 180}, 0, "\"min_distance\":20015"));
	CHECK(!travelled(zero, (Place){0, 180}, 0, "\"min_distance\":20016"));
	CHECK(travelled((Place){90, 0}, (Place){-90, 77}, 0, "\"min_distance\":20015"));
	CHECK(!travelled((Place){90, 0}, (Place){90, 120}, 0, "\"min_distance\":1"));
	CHECK(!travelled(zero, (Place){0, 360}, 0, "\"min_distance\":1"));
	CHECK(!travelled(zero, (Place){NAN, 1}, 0, anywhere));
	CHECK(!travelled((Place){1, INFINITY}, zero, 0, anywhere));

	facts.now.has_location = true;
	facts.now.latitude = 45;
	CHECK(!fires("impossible_travel", anywhere, &facts));
	facts.last.has_location = true;
	CHECK(
		says("impossible_travel", anywhere, &facts, "5004 km in 60 seconds, faster than 900 km/h"));
	facts.now.has_location = false;
	CHECK(!fires("impossible_travel", anywhere, &facts));
	facts.now.has_location = true;
	facts.has_family = false;
	CHECK(!fires("impossible_travel", anywhere, &facts));
}

static bool
outside(const char *from, const char *to, const char *days, int weekday, int minute)
{
	char members[200];
	PgtcRiskFacts facts = family();

	snprintf(members, sizeof(members), "\"from\":\"%s\",\"to\":\"%s\",\"timezone\":\"UTC\"%s%s",
			 from, to, days[0] ? ",\"days\":" : "", days);
	facts.weekday = weekday;
	facts.minute = minute;
	return fires("outside_hours", members, &facts);
}

static void
outside_hours(void)
{
	static const char workdays[] = "[1,2,3,4,5]";
	PgtcRiskFacts facts = family();
	int day;

	CHECK(outside("08:00", "18:30", "", 0, 479));
	CHECK(!outside("08:00", "18:30", "", 0, 480));
	CHECK(!outside("08:00", "18:30", "", 0, 1109));
	CHECK(outside("08:00", "18:30", "", 0, 1110));
	CHECK(outside("08:00", "18:30", "", 0, 0) && outside("08:00", "18:30", "", 0, 1439));
	for (day = 0; day < 7; day++)
	{
		CHECK(outside("08:00", "18:30", workdays, day, 600) == (day > 4));
		/* whole days */
		CHECK(outside("00:00", "24:00", workdays, day, 0) == (day > 4));
		CHECK(outside("00:00", "24:00", workdays, day, 1439) == (day > 4));
		CHECK(!outside("00:00", "24:00", "", day, 1439));
	}
	/* across midnight */
	CHECK(outside("22:00", "06:00", "", 3, 1319));
	CHECK(!outside("22:00", "06:00", "", 3, 1320));
	CHECK(!outside("22:00", "06:00", "", 3, 1439) && !outside("22:00", "06:00", "", 4, 0));
	CHECK(!outside("22:00", "06:00", "", 4, 359));
	CHECK(outside("22:00", "06:00", "", 4, 360));
	/* the night of Friday ends on Saturday, that of Sunday on Monday */
	CHECK(!outside("22:00", "06:00", "[5]", 4, 1320) && !outside("22:00", "06:00", "[5]", 5, 359));
	CHECK(outside("22:00", "06:00", "[5]", 4, 359) && outside("22:00", "06:00", "[5]", 5, 1320));
	CHECK(!outside("22:00", "06:00", "[7]", 0, 0) && outside("22:00", "06:00", "[7]", 6, 0));
	CHECK(!outside("22:00", "00:00", "[7]", 6, 1439) && outside("22:00", "00:00", "[7]", 0, 0));

	facts.weekday = 6;
	facts.minute = 61;
	CHECK(says("outside_hours", "\"from\":\"08:00\",\"to\":\"24:00\",\"timezone\":\"UTC\"", &facts,
			   "01:01 on day 7 is outside 08:00 to 24:00 of the rule's days"));
}

static void
risk_score(void)
{
	static const char high[] = "\"at_least\":70";
	PgtcRiskFacts facts = family();

	/* said or not is what counts: 0 is a score */
	facts.now.risk_score = 99;
	CHECK(!fires("risk_score", high, &facts));
	facts.now.has_risk_score = true;
	CHECK(says("risk_score", high, &facts, "risk score 99 is at least 70"));
	facts.now.risk_score = 70;
	CHECK(fires("risk_score", high, &facts));
	facts.has_family = false;
	CHECK(fires("risk_score", high, &facts));
	facts.now.risk_score = nextafter(70, 0);
	CHECK(!fires("risk_score", high, &facts));
	facts.now.risk_score = NAN;
	CHECK(!fires("risk_score", high, &facts));
	facts.now.risk_score = 0;
	CHECK(fires("risk_score", "\"at_least\":0", &facts));
}

void
test_risk(void)
{
	network_changed();
	address_lists();
	user_agent_changed();
	unknown_device();
	recollection();
	ages();
	velocity();
	concurrent_context();
	impossible_travel();
	outside_hours();
	risk_score();
}
