/*
 * json_text.c
 *		A value that jansson has read, as JSON text again.
 */
#include "core/base/json_text.h"

static int
append(const char *text, size_t len, void *arg)
{
	PgtcBuf *buf = arg;

	pgtc_buf_append(buf, text, len);
	return pgtc_buf_code(buf) == PGTC_OK ? 0 : -1;
}

PgtcCode
pgtc_json_text_append(PgtcBuf *buf, const json_t *value)
{
	if (json_dump_callback(value, append, buf, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		return PGTC_E_NOMEM;
	return pgtc_buf_code(buf);
}

bool
pgtc_json_text_plain(const json_t *value, int depth)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_real(value))
		return false;
	if (!json_is_object(value) && !json_is_array(value))
		return true;
	if (depth == 0)
		return false;
	json_array_foreach(value, i, member)
	{
		if (!pgtc_json_text_plain(member, depth - 1))
			return false;
	}
	json_object_foreach((json_t *) value, name, member)
	{
		if (!pgtc_json_text_plain(member, depth - 1))
			return false;
	}
	return true;
}
