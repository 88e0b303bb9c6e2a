/*
 * context_value.c
 *		What a member of a context may be.
 */
#include <math.h>

#include "core/risk/context_value.h"
#include "core/base/text.h"

#define DIGITS_MAX 15 /* before the point, and behind it */

static const struct
{
	const char *member;
	double least;
	double greatest;
} ranges[] = {
	{"collected_at", 0, 253402300799.0 /* the end of the year 9999 */},
	{"latitude", -90, 90},
	{"longitude", -180, 180},
	{"risk_score", -INFINITY, INFINITY},
};

bool
pgtc_context_value_range(const char *member, double *least, double *greatest)
{
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
	{
		if (strcmp(ranges[i].member, member) != 0)
			continue;
		*least = ranges[i].least;
		*greatest = ranges[i].greatest;
		return true;
	}
	return false;
}

static bool
read_digits(PgtcSlice text, double *out)
{
	*out = (double) pgtc_text_number(text, INT64_MAX);
	return text.len <= DIGITS_MAX && *out >= 0;
}

static bool
read_number(PgtcSlice text, double *out)
{
	bool negative = text.len > 0 && text.data[0] == '-';
	PgtcSlice rest = negative ? pgtc_slice(text.data + 1, text.len - 1) : text;
	bool has_point = rest.len > 0 && memchr(rest.data, '.', rest.len) != NULL;
	double fraction = 0;

	if (!read_digits(pgtc_slice_take(&rest, '.'), out) ||
		(has_point && !read_digits(rest, &fraction)))
		return false;
	*out += fraction / pow(10, (double) rest.len);
	if (negative)
		*out = -*out;
	return true;
}

bool
pgtc_context_value_valid(const char *member, PgtcSlice text)
{
	double least;
	double greatest;
	double number;

	if (pgtc_context_value_range(member, &least, &greatest))
		return read_number(text, &number) && number >= least && number <= greatest;
	return text.len > 0 && text.len <= PGTC_CONTEXT_VALUE_MAX && pgtc_text_plain(text);
}
