/*
 * plain_object.c
 *		A member of a JSON object of strings, as its text has it.
 */
#include "core/base/plain_object.h"

static bool
take_char(PgtcSlice *text, char c)
{
	if (text->len == 0 || text->data[0] != c)
		return false;
	*text = pgtc_slice(text->data + 1, text->len - 1);
	return true;
}

static void
skip_spaces(PgtcSlice *text)
{
	while (take_char(text, ' '))
		;
}

/* with the spaces around it; data == NULL where it has escapes */
static bool
take_string(PgtcSlice *text, PgtcSlice *string)
{
	bool escaped = false;
	size_t i;

	skip_spaces(text);
	if (!take_char(text, '"'))
		return false;
	for (i = 0; i < text->len && text->data[i] != '"'; i++)
	{
		if (text->data[i] == '\\')
		{
			escaped = true;
			i++;
		}
	}
	if (i >= text->len)
		return false;
	*string = escaped ? pgtc_slice(NULL, 0) : pgtc_slice(text->data, i);
	*text = pgtc_slice(text->data + i + 1, text->len - i - 1);
	skip_spaces(text);
	return true;
}

/* whatever it is; value->data == NULL where it is no string, or has escapes */
static bool
take_value(PgtcSlice *text, PgtcSlice *value)
{
	int depth = 0;

	skip_spaces(text);
	if (text->len > 0 && text->data[0] == '"')
		return take_string(text, value);
	*value = pgtc_slice(NULL, 0);
	while (text->len > 0)
	{
		PgtcSlice inner;
		char c = text->data[0];

		if (depth == 0 && (c == ',' || c == '}'))
			return true;
		if (c == '"')
		{
			if (!take_string(text, &inner))
				return false;
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		*text = pgtc_slice(text->data + 1, text->len - 1);
	}
	return false;
}

/* the last member of the name, where take() can read every value; data == NULL: none */
static PgtcSlice
find(PgtcSlice json, const char *name, bool (*take)(PgtcSlice *text, PgtcSlice *value))
{
	const PgtcSlice none = pgtc_slice(NULL, 0);
	PgtcSlice found = none;
	PgtcSlice member;
	PgtcSlice value;

	if (!take_char(&json, '{'))
		return none;
	do
	{
		/* a name with escapes could be any */
		if (!take_string(&json, &member) || member.data == NULL || !take_char(&json, ':') ||
			!take(&json, &value))
			return none;
		if (pgtc_slice_equal(member, pgtc_slice_str(name)))
			found = value;
	} while (take_char(&json, ','));
	return take_char(&json, '}') && json.len == 0 ? found : none;
}

PgtcSlice
pgtc_plain_object_get(PgtcSlice json, const char *name)
{
	return find(json, name, take_string);
}

PgtcSlice
pgtc_plain_object_string(PgtcSlice json, const char *name)
{
	return find(json, name, take_value);
}
