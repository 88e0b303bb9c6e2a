/*
 * rfc3339.c
 *		Times as text.
 */
#include "core/base/rfc3339.h"
#include "core/base/ascii.h"
#include "core/base/text.h"

#define SECOND INT64_C(1000000)

/* does the text begin like the pattern, in which 0 stands for a digit?  If so, it is taken away */
static bool
take_like(PgtcSlice *text, const char *pattern, const char **at)
{
	size_t len = strlen(pattern);
	size_t i;

	if (text->len < len)
		return false;
	for (i = 0; i < len; i++)
	{
		if (pattern[i] == '0' ? !pgtc_ascii_digit(text->data[i]) : text->data[i] != pattern[i])
			return false;
	}
	*at = text->data;
	*text = pgtc_slice(text->data + len, text->len - len);
	return true;
}

static int
number(const char *at, size_t len)
{
	return (int) pgtc_text_number(pgtc_slice(at, len), 9999);
}

/* what "." and digits add, in microseconds */
static int64_t
take_fraction(PgtcSlice *text)
{
	int64_t fraction = 0;
	int64_t unit = SECOND;
	size_t i = 1;

	if (text->len < 2 || text->data[0] != '.' || !pgtc_ascii_digit(text->data[1]))
		return 0;
	for (; i < text->len && pgtc_ascii_digit(text->data[i]); i++)
	{
		unit /= 10;
		fraction += (text->data[i] - '0') * unit;
	}
	*text = pgtc_slice(text->data + i, text->len - i);
	return fraction;
}

/* minutes east of Greenwich; false: it is no zone */
static bool
read_zone(PgtcSlice zone, int *minutes)
{
	const char *at;

	*minutes = 0;
	if (pgtc_slice_equal(zone, pgtc_slice_str("Z")))
		return true;
	if ((!take_like(&zone, "+00:00", &at) && !take_like(&zone, "-00:00", &at)) || zone.len > 0 ||
		number(at + 1, 2) > 23 || number(at + 4, 2) > 59)
		return false;
	*minutes = (number(at + 1, 2) * 60 + number(at + 4, 2)) * (*at == '-' ? -1 : 1);
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* since 1970; -1: there is no such day, or it was before */
static int64_t
days_of(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
	int leap_day;

	if (year < 1970 || month < 1 || month > 12)
		return -1;
	leap_day = is_leap(year) && month > 2;
	if (day < 1 || day > before[month] - before[month - 1] + (is_leap(year) && month == 2))
		return -1;
	/* the leap days of the years before this one */
	return (year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400 +
		   before[month - 1] + leap_day + day - 1;
}

PgtcCode
pgtc_rfc3339_parse(PgtcSlice text, int64_t *microseconds)
{
	const char *at;
	int64_t days;
	int64_t fraction;
	int zone;

	*microseconds = -1;
	if (!take_like(&text, "0000-00-00T00:00:00", &at))
		return PGTC_E_MALFORMED;
	fraction = take_fraction(&text);
	days = days_of(number(at, 4), number(at + 5, 2), number(at + 8, 2));
	/* 60: a leap second */
	if (!read_zone(text, &zone) || days < 0 || number(at + 11, 2) > 23 || number(at + 14, 2) > 59 ||
		number(at + 17, 2) > 60)
		return PGTC_E_MALFORMED;
	*microseconds =
		((days * 24 + number(at + 11, 2)) * 60 + number(at + 14, 2) - zone) * 60 * SECOND +
		number(at + 17, 2) * SECOND + fraction;
	if (*microseconds >= 0)
		return PGTC_OK;
	*microseconds = -1;
	return PGTC_E_MALFORMED;
}
