/*
 * http_context.c
 *		What is known of an HTTP request: the context that policies judge.
 *
 * Who sends what: user_agent, session_id and device_id are the client's own
 * words; ip and what pgtoken.http_context_headers names are the proxy's, believed
 * only when the layer is trusted.
 */
#include "http/http_context.h"

#include <arpa/inet.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/guc.h"
#include "base/object.h"

#define STRING_MAX 256 /* bytes of a member */
#define NAME_MAX_LEN 63 /* of a member or a header */
#define MAPPINGS_MAX 16
#define DIGITS_MAX 15 /* before the point, and behind it */

/* one member=header of the setting */
typedef struct Mapping
{
	char member[NAME_MAX_LEN + 1];
	char header[NAME_MAX_LEN + 1];
} Mapping;

typedef struct Mappings
{
	int n;
	Mapping mapping[MAPPINGS_MAX];
} Mappings;

/* members that are numbers, and between what */
static const struct
{
	const char *name;
	double least;
	double greatest;
} numbers[] = {
	{"collected_at", 0, 253402300799.0 /* the end of the year 9999 */},
	{"latitude", -90, 90},
	{"longitude", -180, 180},
	{"risk_score", -1e15, 1e15},
};

/* --- the setting ------------------------------------------------------------- */

/* a name of these characters up to the next one; false: empty or too long */
static bool
read_name(const char **in, const char *characters, char out[NAME_MAX_LEN + 1])
{
	size_t len = strspn(*in, characters);

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	memcpy(out, *in, len);
	out[len] = '\0';
	*in += len;
	return true;
}

static bool
is_mapped(const Mappings *mappings, const char *member)
{
	for (int i = 0; i < mappings->n; i++)
	{
		if (strcmp(mappings->mapping[i].member, member) == 0)
			return true;
	}
	return false;
}

/* NULL, or what is wrong with it */
static const char *
read_mappings(const char *in, Mappings *out)
{
	out->n = 0;
	in += strspn(in, " ");
	while (*in)
	{
		Mapping mapping;

		if (out->n == MAPPINGS_MAX)
			return "there are too many members";
		if (!read_name(&in, "abcdefghijklmnopqrstuvwxyz_", mapping.member))
			return "the name of a member consists of 1 to 63 lower-case letters and underscores";
		if (strcmp(mapping.member, "ip") == 0 || strcmp(mapping.member, "user_agent") == 0)
			return "ip and user_agent have headers of their own";
		if (is_mapped(out, mapping.member))
			return "a member is named twice";
		in += strspn(in, " ");
		if (*in++ != '=')
			return "a member is followed by = and the name of its header";
		in += strspn(in, " ");
		if (!read_name(&in, "abcdefghijklmnopqrstuvwxyz0123456789-_", mapping.header))
			return "the name of a header consists of 1 to 63 lower-case letters, digits, hyphens and underscores";
		out->mapping[out->n++] = mapping;
		in += strspn(in, " ");
		if (*in == '\0')
			break;
		if (*in++ != ',')
			return "members are separated by commas";
		in += strspn(in, " ");
		if (*in == '\0')
			return "a comma is followed by a member";
	}
	return NULL;
}

const char *
http_context_headers_problem(const char *setting)
{
	Mappings mappings;

	return read_mappings(setting, &mappings);
}

/* --- values ------------------------------------------------------------------ */

/* a string that may be stored and shown */
static bool
is_plain(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > STRING_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) value[i] < ' ' || value[i] == 0x7f)
			return false;
	}
	return true;
}

/* [-] digits [. digits]: what numeric reads without complaint, and no exponent that would print as thousands of digits */
static bool
is_number(const char *value)
{
	size_t digits;

	value += *value == '-';
	digits = strspn(value, "0123456789");
	if (digits == 0 || digits > DIGITS_MAX)
		return false;
	value += digits;
	if (*value == '.')
	{
		digits = strspn(++value, "0123456789");
		if (digits == 0 || digits > DIGITS_MAX)
			return false;
		value += digits;
	}
	return *value == '\0';
}

static bool
in_range(const char *name, const char *value)
{
	for (size_t i = 0; i < lengthof(numbers); i++)
	{
		if (strcmp(numbers[i].name, name) == 0)
			return strtod(value, NULL) >= numbers[i].least &&
				   strtod(value, NULL) <= numbers[i].greatest;
	}
	return false;
}

static bool
is_numeric_member(const char *name)
{
	for (size_t i = 0; i < lengthof(numbers); i++)
	{
		if (strcmp(numbers[i].name, name) == 0)
			return true;
	}
	return false;
}

static void
add_member(Object *context, const char *name, char *value)
{
	JsonbValue number = {.type = jbvNumeric};

	if (value == NULL)
		return;
	if (!is_numeric_member(name))
	{
		if (is_plain(value))
			object_string(context, name, value);
		return;
	}
	if (!is_number(value) || !in_range(name, value))
		return;
	number.val.numeric = DatumGetNumeric(DirectFunctionCall3(
		numeric_in, CStringGetDatum(value), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	object_value(context, name, &number);
}

/* --- the request ------------------------------------------------------------- */

/* the last element: what the nearest proxy has seen and appended itself */
static char *
client_address(const HttpExchange *x)
{
	unsigned char address[sizeof(struct in6_addr)];
	char *header;
	char *last;

	if (!x->trusted || guc_http_client_address_header[0] == '\0')
		return NULL;
	header = http_header_of_setting(x, guc_http_client_address_header);
	if (header == NULL)
		return NULL;
	last = strrchr(header, ',');
	last = last ? last + 1 : header;
	while (*last == ' ')
		last++;
	return inet_pton(AF_INET, last, address) == 1 || inet_pton(AF_INET6, last, address) == 1 ? last
																							 : NULL;
}

static char *
user_agent(const HttpExchange *x)
{
	char *value = http_header(x, "user-agent");

	return value ? pnstrdup(value, pg_mbcliplen(value, strlen(value), STRING_MAX)) : NULL;
}

/* a place is two numbers: one alone is none */
static bool
belongs_to_half_a_place(const HttpExchange *x, const Mappings *mappings, const char *member)
{
	const char *other = strcmp(member, "latitude") == 0	   ? "longitude"
						: strcmp(member, "longitude") == 0 ? "latitude"
														   : NULL;

	if (other == NULL)
		return false;
	for (int i = 0; i < mappings->n; i++)
	{
		if (strcmp(mappings->mapping[i].member, other) == 0)
		{
			char *value = http_header(x, mappings->mapping[i].header);

			return value == NULL || !is_number(value) || !in_range(other, value);
		}
	}
	return true;
}

Jsonb *
http_context(const HttpExchange *x)
{
	static const char *const of_form[] = {"session_id", "device_id"};
	Mappings mappings = {0};
	Object context;

	/* the check hook has refused what cannot be read */
	(void) read_mappings(guc_http_context_headers, &mappings);
	object_begin(&context);
	object_string(&context, "user_agent", user_agent(x));
	object_string(&context, "ip", client_address(x));
	/* what a header is to say, the client has no say in */
	for (size_t i = 0; i < lengthof(of_form); i++)
	{
		if (!is_mapped(&mappings, of_form[i]))
			add_member(&context, of_form[i], http_param(x, of_form[i]));
	}
	for (int i = 0; x->trusted && i < mappings.n; i++)
	{
		const Mapping *mapping = &mappings.mapping[i];

		if (!belongs_to_half_a_place(x, &mappings, mapping->member))
			add_member(&context, mapping->member, http_header(x, mapping->header));
	}
	return object_end(&context);
}
