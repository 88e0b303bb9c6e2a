/*
 * context_headers.c
 *		Which headers of a proxy become which members of a context.
 */
#include "core/risk/context_headers.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* 1 to PGTC_CONTEXT_NAME_MAX of these characters */
static bool
read_name(PgtcSlice name, const char *characters, char out[PGTC_CONTEXT_NAME_MAX + 1])
{
	if (name.len == 0 || name.len > PGTC_CONTEXT_NAME_MAX)
		return false;
	memcpy(out, name.data, name.len);
	out[name.len] = '\0';
	return strspn(out, characters) == name.len;
}

static const char *
read_mapping(PgtcSlice text, PgtcContextHeaders *out)
{
	PgtcContextHeader *mapping = &out->mapping[out->n];
	PgtcSlice header = text;
	PgtcSlice member = pgtc_slice_take(&header, '=');

	if (out->n == PGTC_CONTEXT_HEADERS_MAX)
		return "there are too many members";
	if (!read_name(pgtc_slice_trim(member, " "), LETTERS "_", mapping->member))
		return "the name of a member consists of 1 to 63 lower-case letters and underscores";
	if (strcmp(mapping->member, "ip") == 0 || strcmp(mapping->member, "user_agent") == 0)
		return "ip and user_agent have headers of their own";
	if (pgtc_context_headers_find(out, mapping->member) != NULL)
		return "a member is named twice";
	if (member.len == text.len)
		return "a member is followed by = and the name of its header";
	if (!read_name(pgtc_slice_trim(header, " "), LETTERS "0123456789-_", mapping->header))
		return "the name of a header consists of 1 to 63 lower-case letters, digits, hyphens and underscores";
	out->n++;
	return NULL;
}

const char *
pgtc_context_headers_read(PgtcSlice text, PgtcContextHeaders *out)
{
	const char *problem = NULL;

	memset(out, 0, sizeof(*out));
	text = pgtc_slice_trim(text, " ");
	if (text.len > 0 && text.data[text.len - 1] == ',')
		return "a comma is followed by a member";
	while (problem == NULL && text.len > 0)
		problem = read_mapping(pgtc_slice_take(&text, ','), out);
	if (problem != NULL)
		memset(out, 0, sizeof(*out));
	return problem;
}

const char *
pgtc_context_headers_find(const PgtcContextHeaders *headers, const char *member)
{
	int i;

	for (i = 0; i < headers->n; i++)
	{
		if (strcmp(headers->mapping[i].member, member) == 0)
			return headers->mapping[i].header;
	}
	return NULL;
}
