/*
 * json_foreign.c
 *		JSON that anybody may have sent, made into JSON that PostgreSQL reads without
 *		an error.
 *
 * jsonb has limits of its own: numbers with a huge exponent, which it refuses with an
 * error, and the stack.  What is written here from the tree cannot meet them.
 */
#include "core/base/json_foreign.h"

#include "core/base/json_read.h"
#include "core/base/json_text.h"

static bool
is_deeper(const json_t *value, int levels)
{
	size_t i;
	const char *name;
	json_t *element;

	if (!json_is_object(value) && !json_is_array(value))
		return false;
	if (levels == 0)
		return true;
	json_object_foreach((json_t *) value, name, element)
	{
		if (is_deeper(element, levels - 1))
			return true;
	}
	json_array_foreach(value, i, element)
	{
		if (is_deeper(element, levels - 1))
			return true;
	}
	return false;
}

/* as pgtc_json_read_object, of an array */
static PgtcCode
read_array(PgtcSlice text, json_t **out)
{
	json_error_t error;

	*out = text.data ? json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error) : NULL;
	if (json_is_array(*out))
		return PGTC_OK;
	json_decref(*out);
	return PGTC_E_MALFORMED;
}

PgtcCode
pgtc_json_foreign(PgtcSlice text, PgtcJsonForm form, PgtcBuf *out)
{
	json_t *value;
	PgtcCode code =
		form == PGTC_JSON_ARRAY ? read_array(text, &value) : pgtc_json_read_object(text, &value);

	if (code != PGTC_OK)
		return code;
	if (is_deeper(value, PGTC_JSON_FOREIGN_DEPTH))
		code = PGTC_E_TOO_LONG;
	else
		code = pgtc_json_text_append(out, value);
	json_decref(value);
	return code;
}
