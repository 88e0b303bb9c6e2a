/*
 * pkcs11_uri.c
 *		URIs that name a private key in a token of hardware.
 *
 *		pk11-URI  = "pkcs11:" pk11-path
 *		pk11-path = attribute *( ";" attribute )
 *		attribute = name "=" *( unreserved / allowed / pct-encoded )
 *
 * RFC 7512 section 2.3.  A query has no place here: its attributes name a PIN, where
 * a PIN is read from (a file of the server, or a program), or a module that is
 * loaded.  Who creates a key need not be the one who may decide that.
 */
#include "core/base/pkcs11_uri.h"

static const char scheme[] = "pkcs11:";

/* the attributes of a path; what a slot has is left out, for it changes as tokens come and go */
static const char *const names[] = {"token",  "serial", "manufacturer", "model",
									"object", "id",		"type"};

#define N_NAMES ((int) (sizeof(names) / sizeof(names[0])))

typedef struct Attribute
{
	PgtcSlice name;
	PgtcSlice value;
} Attribute;

/* takes one off *rest; false: none is left */
static bool
next_attribute(PgtcSlice *rest, Attribute *out)
{
	const char *end;
	const char *equals;
	size_t len;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, ';', rest->len);
	len = end ? (size_t) (end - rest->data) : rest->len;
	equals = memchr(rest->data, '=', len);
	out->name = pgtc_slice(rest->data, equals ? (size_t) (equals - rest->data) : len);
	out->value = equals ? pgtc_slice(equals + 1, len - out->name.len - 1) : pgtc_slice("", 0);
	*rest = end ? pgtc_slice(end + 1, rest->len - len - 1) : pgtc_slice("", 0);
	return true;
}

static PgtcSlice
path_of(PgtcSlice uri)
{
	return pgtc_slice(uri.data + sizeof(scheme) - 1, uri.len - (sizeof(scheme) - 1));
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("-._~:[]@!$'()*+,=&", c) != NULL);
}

/* one byte of a value; -1: it is of no form that the grammar knows */
static int
next_byte(PgtcSlice value, size_t *at)
{
	int high;
	int low;

	if (value.data[*at] != '%')
		return plain(value.data[*at]) ? (uint8_t) value.data[(*at)++] : -1;
	if (value.len - *at < 3)
		return -1;
	high = hex_value(value.data[*at + 1]);
	low = hex_value(value.data[*at + 2]);
	*at += 3;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool
value_valid(PgtcSlice value)
{
	size_t at = 0;

	while (at < value.len)
	{
		if (next_byte(value, &at) < 0)
			return false;
	}
	return value.len > 0;
}

static int
number_of(PgtcSlice name)
{
	int i;

	for (i = 0; i < N_NAMES; i++)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(names[i])))
			return i;
	}
	return -1;
}

static const char *
path_problem(PgtcSlice path)
{
	unsigned int seen = 0;
	Attribute attribute;

	if (path.len > 0 && path.data[path.len - 1] == ';')
		return "It ends with a semicolon.";
	while (next_attribute(&path, &attribute))
	{
		int number = number_of(attribute.name);

		if (number < 0)
			return "It has an attribute other than token, serial, manufacturer, model, object, id "
				   "and type.";
		if (seen & (1U << number))
			return "It has an attribute twice.";
		if (!value_valid(attribute.value))
			return "The value of an attribute is empty, or has a character that must be "
				   "percent-encoded.";
		if (strcmp(names[number], "type") == 0 &&
			!pgtc_slice_equal(attribute.value, pgtc_slice_str("private")))
			return "Its type is not private.";
		seen |= 1U << number;
	}
	if ((seen & 3U) == 0)
		return "It names no token: token or serial is missing.";
	if ((seen & (3U << 4)) == 0)
		return "It names no key: object or id is missing.";
	return NULL;
}

const char *
pgtc_pkcs11_uri_problem(PgtcSlice uri)
{
	size_t len = sizeof(scheme) - 1;

	if (uri.len > PGTC_PKCS11_URI_MAX)
		return "It is too long.";
	if (uri.len < len || memcmp(uri.data, scheme, len) != 0)
		return "It does not begin with \"pkcs11:\".";
	if (memchr(uri.data, '?', uri.len) != NULL)
		return "It has a query, and with it a PIN, where one is read from, or a module.";
	return path_problem(path_of(uri));
}

/* as padded with spaces to width */
static bool
value_is(PgtcSlice value, const uint8_t *padded, size_t width)
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < width; i++)
	{
		if ((at < value.len ? next_byte(value, &at) : ' ') != padded[i])
			return false;
	}
	return at == value.len;
}

bool
pgtc_pkcs11_uri_names_token(PgtcSlice uri, const uint8_t *label, const uint8_t *serial)
{
	PgtcSlice path = path_of(uri);
	Attribute attribute;

	while (next_attribute(&path, &attribute))
	{
		if (pgtc_slice_equal(attribute.name, pgtc_slice_str("token")) &&
			!value_is(attribute.value, label, PGTC_PKCS11_LABEL_LEN))
			return false;
		if (pgtc_slice_equal(attribute.name, pgtc_slice_str("serial")) &&
			!value_is(attribute.value, serial, PGTC_PKCS11_SERIAL_LEN))
			return false;
	}
	return true;
}
