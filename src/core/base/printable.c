/*
 * printable.c
 *		What somebody else has sent, made fit to be shown.
 *
 * It ends up in a terminal and in a log: nothing in it may move a cursor, begin a
 * line that looks like another entry, or show two different texts alike.
 */
#include <stdio.h>

#include "core/base/printable.h"
#include "core/base/utf8.h"

#define ESCAPED_LEN 4 /* \xNN */
#define CUT_FORMAT "... (of %zu bytes)"
#define CUT_MAX 40
#define ELLIPSIS "..."

/* the code point of a well-formed character of len bytes */
static uint32_t
code_point(const uint8_t *at, size_t len)
{
	uint32_t code = len == 1 ? at[0] : at[0] & (0xff >> (len + 1));
	size_t i;

	for (i = 1; i < len; i++)
		code = code << 6 | (at[i] & 0x3f);
	return code;
}

/* C0, DEL, C1, what is invisible (fillers, blanks and variation selectors, too), line and paragraph separators, turns of direction, the byte order mark */
static bool
is_harmful(uint32_t code)
{
	static const struct
	{
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{0, 0x1f},		  {0x7f, 0x9f},			 {0xad, 0xad},	   {0x34f, 0x34f},
		{0x61c, 0x61c},	  {0x115f, 0x1160},		 {0x17b4, 0x17b5}, {0x180b, 0x180f},
		{0x200b, 0x200f}, {0x2028, 0x202e},		 {0x2060, 0x206f}, {0x2800, 0x2800},
		{0x3164, 0x3164}, {0xfe00, 0xfe0f},		 {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff9, 0xfffb}, {0xe0000, UINT32_MAX},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
	{
		if (code <= ranges[i].last)
			return code >= ranges[i].first;
	}
	return false;
}

static size_t
append_escaped(const uint8_t *at, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++)
	{
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[at[i] >> 4];
		*out++ = digits[at[i] & 0xf];
	}
	return len * ESCAPED_LEN;
}

/* one character (or one byte that is none), as it is shown; out has room for any */
static size_t
show(const uint8_t *at, size_t len, char out[4 * ESCAPED_LEN])
{
	if (len == 0)
		return append_escaped(at, 1, out);
	if (is_harmful(code_point(at, len)))
		return append_escaped(at, len, out);
	memcpy(out, at, len);
	if (*at != '\\')
		return len;
	out[1] = '\\';
	return 2;
}

void
pgtc_printable(PgtcSlice in, char *out, size_t size)
{
	const uint8_t *at = (const uint8_t *) in.data;
	size_t rest = in.len;
	size_t written = 0;
	size_t cut_at = 0; /* where the mark of a cut would have room */

	while (rest > 0)
	{
		char shown[4 * ESCAPED_LEN];
		size_t len = pgtc_utf8_char_len(at, rest);
		size_t shown_len = show(at, len, shown);

		if (written + CUT_MAX < size)
			cut_at = written;
		if (written + shown_len >= size)
		{
			snprintf(out + cut_at, size - cut_at, CUT_FORMAT, in.len);
			return;
		}
		memcpy(out + written, shown, shown_len);
		written += shown_len;
		at += len > 0 ? len : 1;
		rest -= len > 0 ? len : 1;
	}
	out[written] = '\0';
}

void
pgtc_printable_ascii(PgtcSlice in, char *out, size_t size)
{
	size_t i;

	for (i = 0; i < in.len && i + 1 < size; i++)
		out[i] = in.data[i] >= ' ' && in.data[i] < 0x7f ? in.data[i] : '?';
	out[i] = '\0';
}

/* what show() has made takes no more columns than this; nothing before U+1100 is two of them wide */
static size_t
columns_of(const char *shown, size_t len)
{
	if ((uint8_t) shown[0] < 0x80)
		return len;
	return code_point((const uint8_t *) shown, len) < 0x1100 ? 1 : 2;
}

void
pgtc_printable_clip(PgtcSlice in, size_t columns, char *out)
{
	const uint8_t *at = (const uint8_t *) in.data;
	size_t mark = columns < strlen(ELLIPSIS) ? columns : strlen(ELLIPSIS);
	size_t rest = in.len;
	size_t taken = 0;
	size_t written = 0;
	size_t cut_at = 0; /* where the mark of a cut would have room */

	while (rest > 0)
	{
		char shown[4 * ESCAPED_LEN];
		size_t len = pgtc_utf8_char_len(at, rest);
		size_t shown_len = show(at, len, shown);

		if (taken + mark <= columns)
			cut_at = written;
		taken += columns_of(shown, shown_len);
		if (taken > columns)
		{
			memcpy(out + cut_at, ELLIPSIS, mark);
			out[cut_at + mark] = '\0';
			return;
		}
		memcpy(out + written, shown, shown_len);
		written += shown_len;
		at += len > 0 ? len : 1;
		rest -= len > 0 ? len : 1;
	}
	out[written] = '\0';
}
