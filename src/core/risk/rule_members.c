/*
 * rule_members.c
 *		What members a rule of a policy has in JSON, and reading them.
 */
#include "core/risk/rule_members.h"

/* ten years: far more than any token lives, and no sum of such overflows */
#define SECONDS_MAX 315360000
#define REFRESHES_MAX 10000
#define SPEED_MAX 1000000
/* no two places are further apart */
#define DISTANCE_MAX 20100
#define TIMEZONE_MAX 63
/* two identifiers of 63 bytes, each in quotes, and the dot */
#define FUNCTION_MAX 131
#define MINUTES_PER_DAY (24 * 60)

#define lengthof(array) ((int) (sizeof(array) / sizeof((array)[0])))
#define TEXT_OF_EXPANDED(number) #number
#define TEXT_OF(number) TEXT_OF_EXPANDED(number)
#define UP_TO(max) "an integer from 1 to " TEXT_OF(max)

static const PgtcName since_names[] = {{"last", false}, {"first", true}};
static const PgtcName granularities[] = {
	{"family", PGTC_UA_FAMILY}, {"version", PGTC_UA_VERSION}, {"exact", PGTC_UA_EXACT}};
static const PgtcName device_members[] = {{"device_id", false}, {"session_id", true}};

static const char since_expected[] = "\"last\" or \"first\"";
static const char networks_expected[] =
	"an array of 1 to 1000 IPv4 or IPv6 networks like \"192.0.2.0/24\", without bits set right of "
	"the prefix";
static const char seconds_expected[] = UP_TO(SECONDS_MAX) " (seconds)";

static PgtcCode
read_integer(const json_t *value, int64_t min, int64_t max, int64_t *out)
{
	if (!json_is_integer(value) || json_integer_value(value) < min ||
		json_integer_value(value) > max)
		return PGTC_E_MALFORMED;
	*out = json_integer_value(value);
	return PGTC_OK;
}

static PgtcCode
read_ipv4_prefix(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int64_t prefix;
	PgtcCode code = read_integer(value, 1, 32, &prefix);

	(void) mem;
	if (code == PGTC_OK)
		rule->ipv4_prefix = (int) prefix;
	return code;
}

static PgtcCode
read_ipv6_prefix(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int64_t prefix;
	PgtcCode code = read_integer(value, 1, 128, &prefix);

	(void) mem;
	if (code == PGTC_OK)
		rule->ipv6_prefix = (int) prefix;
	return code;
}

static PgtcCode
read_since(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int since;
	PgtcCode code = pgtc_json_read_name(value, since_names, lengthof(since_names), &since);

	(void) mem;
	if (code == PGTC_OK)
		rule->since_first = since;
	return code;
}

static PgtcCode
read_networks(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	size_t n = json_array_size(value);
	size_t i;

	/* the size of what is no array is 0 */
	if (n == 0 || n > PGTC_RULE_NETWORKS_MAX)
		return PGTC_E_MALFORMED;
	rule->networks = mem->alloc(n * sizeof(*rule->networks));
	if (rule->networks == NULL)
		return PGTC_E_NOMEM;
	for (i = 0; i < n; i++)
	{
		PgtcCode code = pgtc_address_parse_network(pgtc_json_read_string(json_array_get(value, i)),
												   &rule->networks[i]);

		if (code != PGTC_OK)
			return code;
	}
	rule->n_networks = (int) n;
	return PGTC_OK;
}

static PgtcCode
read_granularity(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int granularity;
	PgtcCode code =
		pgtc_json_read_name(value, granularities, lengthof(granularities), &granularity);

	(void) mem;
	if (code == PGTC_OK)
		rule->granularity = (PgtcUserAgentGranularity) granularity;
	return code;
}

static PgtcCode
read_member(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int by_session;
	PgtcCode code =
		pgtc_json_read_name(value, device_members, lengthof(device_members), &by_session);

	(void) mem;
	if (code == PGTC_OK)
		rule->by_session = by_session;
	return code;
}

static PgtcCode
read_seconds(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	(void) mem;
	return read_integer(value, 1, SECONDS_MAX, &rule->seconds);
}

static PgtcCode
read_refreshes(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	int64_t refreshes;
	PgtcCode code = read_integer(value, 1, REFRESHES_MAX, &refreshes);

	(void) mem;
	if (code == PGTC_OK)
		rule->refreshes = (int) refreshes;
	return code;
}

/* always finite: JSON has nothing else, and jansson refuses what a double cannot hold */
static PgtcCode
read_number(const json_t *value, double *out)
{
	if (json_is_integer(value))
		*out = (double) json_integer_value(value);
	else if (json_is_real(value))
		*out = json_real_value(value);
	else
		return PGTC_E_MALFORMED;
	return PGTC_OK;
}

static PgtcCode
read_max_speed(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcCode code = read_number(value, &rule->max_speed);

	(void) mem;
	if (code == PGTC_OK && !(rule->max_speed > 0 && rule->max_speed <= SPEED_MAX))
		code = PGTC_E_MALFORMED;
	return code;
}

static PgtcCode
read_min_distance(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcCode code = read_number(value, &rule->min_distance);

	(void) mem;
	if (code == PGTC_OK && !(rule->min_distance >= 0 && rule->min_distance <= DISTANCE_MAX))
		code = PGTC_E_MALFORMED;
	return code;
}

/* "HH:MM" from 00:00 to 24:00 */
static PgtcCode
read_time_of_day(const json_t *value, int *minute)
{
	PgtcSlice text = pgtc_json_read_string(value);
	int digit[5];
	int i;

	if (text.len != 5 || text.data[2] != ':')
		return PGTC_E_MALFORMED;
	for (i = 0; i < 5; i++)
	{
		digit[i] = text.data[i] - '0';
		if (i != 2 && (digit[i] < 0 || digit[i] > 9))
			return PGTC_E_MALFORMED;
	}
	if (digit[3] > 5)
		return PGTC_E_MALFORMED;
	*minute = (digit[0] * 10 + digit[1]) * 60 + digit[3] * 10 + digit[4];
	return *minute <= MINUTES_PER_DAY ? PGTC_OK : PGTC_E_MALFORMED;
}

static PgtcCode
read_from(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcCode code = read_time_of_day(value, &rule->from_minute);

	(void) mem;
	if (code == PGTC_OK && rule->from_minute == MINUTES_PER_DAY)
		code = PGTC_E_MALFORMED;
	return code;
}

/* from comes first in the table, so it is there */
static PgtcCode
read_to(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcCode code = read_time_of_day(value, &rule->to_minute);

	(void) mem;
	if (code == PGTC_OK && rule->to_minute == rule->from_minute)
		code = PGTC_E_MALFORMED;
	return code;
}

static PgtcCode
copy_string(PgtcSlice in, const PgtcMem *mem, char **out)
{
	*out = mem->alloc(in.len + 1);
	if (*out == NULL)
		return PGTC_E_NOMEM;
	memcpy(*out, in.data, in.len);
	(*out)[in.len] = '\0';
	return PGTC_OK;
}

/* whether there is such a time zone is for the caller to see */
static PgtcCode
read_timezone(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcSlice name = pgtc_json_read_string(value);
	size_t i;

	if (name.len == 0 || name.len > TIMEZONE_MAX)
		return PGTC_E_MALFORMED;
	for (i = 0; i < name.len; i++)
	{
		char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			strchr("/_+-", c) == NULL)
			return PGTC_E_MALFORMED;
	}
	return copy_string(name, mem, &rule->timezone);
}

static PgtcCode
read_days(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	size_t n = json_array_size(value);
	unsigned days = 0;
	size_t i;

	(void) mem;
	for (i = 0; i < n; i++)
	{
		int64_t day;

		if (read_integer(json_array_get(value, i), 1, 7, &day) != PGTC_OK ||
			(days & 1U << (day - 1)) != 0)
			return PGTC_E_MALFORMED;
		days |= 1U << (day - 1);
	}
	rule->days = days;
	return days != 0 ? PGTC_OK : PGTC_E_MALFORMED;
}

static PgtcCode
read_at_least(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	(void) mem;
	return read_number(value, &rule->at_least);
}

/* whether there is such a function is for the caller to see */
static PgtcCode
read_function(const json_t *value, const PgtcMem *mem, PgtcRule *rule)
{
	PgtcSlice name = pgtc_json_read_string(value);
	const char *dot = name.len > 0 ? memchr(name.data, '.', name.len) : NULL;
	size_t i;

	if (name.len > FUNCTION_MAX || dot == NULL || dot == name.data ||
		name.data[name.len - 1] == '.')
		return PGTC_E_MALFORMED;
	for (i = 0; i < name.len; i++)
	{
		if ((unsigned char) name.data[i] < ' ' || name.data[i] == 0x7f)
			return PGTC_E_MALFORMED;
	}
	return copy_string(name, mem, &rule->function);
}

#define WORDS(names) (names), lengthof(names)
#define NO_WORDS NULL, 0

const PgtcRuleMember pgtc_rule_members[] = {
	{PGTC_RULE_NETWORK_CHANGED, "ipv4_prefix", false, read_ipv4_prefix, UP_TO(32), "integer", "24",
	 NO_WORDS},
	{PGTC_RULE_NETWORK_CHANGED, "ipv6_prefix", false, read_ipv6_prefix, UP_TO(128), "integer", "48",
	 NO_WORDS},
	{PGTC_RULE_NETWORK_CHANGED, "since", false, read_since, since_expected, "word", "last",
	 WORDS(since_names)},
	{PGTC_RULE_ADDRESS_IN, "networks", true, read_networks, networks_expected, "networks", NULL,
	 NO_WORDS},
	{PGTC_RULE_ADDRESS_NOT_IN, "networks", true, read_networks, networks_expected, "networks", NULL,
	 NO_WORDS},
	{PGTC_RULE_USER_AGENT_CHANGED, "granularity", false, read_granularity,
	 "\"family\", \"version\" or \"exact\"", "word", "family", WORDS(granularities)},
	{PGTC_RULE_USER_AGENT_CHANGED, "since", false, read_since, since_expected, "word", "last",
	 WORDS(since_names)},
	{PGTC_RULE_UNKNOWN_DEVICE, "member", false, read_member, "\"device_id\" or \"session_id\"",
	 "word", "device_id", WORDS(device_members)},
	{PGTC_RULE_RECOLLECTION, "max_age", false, read_seconds, seconds_expected, "seconds", NULL,
	 NO_WORDS},
	{PGTC_RULE_IDLE, "longer_than", true, read_seconds, seconds_expected, "seconds", NULL,
	 NO_WORDS},
	{PGTC_RULE_VELOCITY, "refreshes", true, read_refreshes, UP_TO(REFRESHES_MAX), "integer", NULL,
	 NO_WORDS},
	{PGTC_RULE_VELOCITY, "within", true, read_seconds, seconds_expected, "seconds", NULL, NO_WORDS},
	{PGTC_RULE_IMPOSSIBLE_TRAVEL, "max_speed", false, read_max_speed,
	 "a number above 0, up to " TEXT_OF(SPEED_MAX) " (km/h)", "number", "900", NO_WORDS},
	{PGTC_RULE_IMPOSSIBLE_TRAVEL, "min_distance", false, read_min_distance,
	 "a number from 0 to " TEXT_OF(DISTANCE_MAX) " (km)", "number", "100", NO_WORDS},
	{PGTC_RULE_MFA_AGE, "longer_than", true, read_seconds, seconds_expected, "seconds", NULL,
	 NO_WORDS},
	{PGTC_RULE_OUTSIDE_HOURS, "from", true, read_from, "a time of day from \"00:00\" to \"23:59\"",
	 "time", NULL, NO_WORDS},
	{PGTC_RULE_OUTSIDE_HOURS, "to", true, read_to,
	 "a time of day from \"00:00\" to \"24:00\", other than from", "time", NULL, NO_WORDS},
	{PGTC_RULE_OUTSIDE_HOURS, "timezone", true, read_timezone,
	 "the name of a time zone like \"Europe/Berlin\"", "timezone", NULL, NO_WORDS},
	{PGTC_RULE_OUTSIDE_HOURS, "days", false, read_days,
	 "an array of different integers from 1 (Monday) to 7", "days", "[1, 2, 3, 4, 5, 6, 7]",
	 NO_WORDS},
	{PGTC_RULE_RISK_SCORE, "at_least", true, read_at_least, "a number", "number", NULL, NO_WORDS},
	{PGTC_RULE_FUNCTION, "function", true, read_function,
	 "the name of a function with its schema, like \"app.judge\"", "function", NULL, NO_WORDS},
	{PGTC_RULE_FUNCTION, NULL, false, NULL, NULL, NULL, NULL, NO_WORDS},
};
