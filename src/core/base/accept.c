/*
 * accept.c
 *		What Accept headers say of a media type (RFC 9110 section 12.5.1) and of a coding
 *		(section 12.5.3).
 */
#include "core/base/accept.h"
#include "core/base/ascii.h"

/* how exactly a range names a type */
enum
{
	NOT_AT_ALL,
	ANYTHING,
	ANY_SUBTYPE,
	ITSELF
};

static int
exactness(PgtcSlice range, const char *media_type)
{
	size_t type = (size_t) (strchr(media_type, '/') - media_type) + 1;

	if (pgtc_ascii_is(range, media_type))
		return ITSELF;
	if (range.len == type + 1 && range.data[type] == '*' &&
		pgtc_ascii_same(pgtc_slice(range.data, type), pgtc_slice(media_type, type)))
		return ANY_SUBTYPE;
	return pgtc_ascii_is(range, "*/*") ? ANYTHING : NOT_AT_ALL;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static int
read_quality(PgtcSlice text)
{
	int quality;
	int place = 100;
	size_t i;

	if (text.len == 0 || text.len > 5 || (text.data[0] != '0' && text.data[0] != '1') ||
		(text.len > 1 && text.data[1] != '.'))
		return 0;
	quality = (text.data[0] - '0') * PGTC_QUALITY_MAX;
	for (i = 2; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		quality += (text.data[i] - '0') * place;
		place /= 10;
	}
	return quality <= PGTC_QUALITY_MAX ? quality : 0;
}

static int
quality_of(PgtcSlice parameters)
{
	while (parameters.len > 0)
	{
		PgtcSlice parameter = pgtc_slice_trim(pgtc_slice_take(&parameters, ';'), " \t");

		if (parameter.len >= 2 && (parameter.data[0] == 'q' || parameter.data[0] == 'Q') &&
			parameter.data[1] == '=')
			return read_quality(pgtc_slice(parameter.data + 2, parameter.len - 2));
	}
	return PGTC_QUALITY_MAX;
}

int
pgtc_accept_quality(PgtcSlice accept, const char *media_type, bool *named)
{
	int best = NOT_AT_ALL;
	int quality = 0;

	while (accept.len > 0)
	{
		PgtcSlice part = pgtc_slice_take(&accept, ',');
		PgtcSlice range = pgtc_slice_trim(pgtc_slice_take(&part, ';'), " \t");
		int exact = exactness(range, media_type);

		if (exact > best)
		{
			best = exact;
			quality = quality_of(part);
		}
	}
	*named = best == ITSELF;
	return quality;
}

bool
pgtc_accept_coding(PgtcSlice accept, const char *coding)
{
	while (accept.len > 0)
	{
		PgtcSlice part = pgtc_slice_take(&accept, ',');

		if (pgtc_ascii_is(pgtc_slice_trim(pgtc_slice_take(&part, ';'), " \t"), coding))
			return quality_of(part) > 0;
	}
	return false;
}
