/*
 * json_read.c
 *		Strict reading of JSON objects, on top of jansson.
 *
 * jansson bounds nesting by itself (2048 levels), checks UTF-8 and refuses
 * integers beyond 64 bits.  Its allocations live until json_decref; nothing of
 * it reaches a caller of the core.
 */
#include "core/base/json_read.h"
#include "core/base/b64url.h"

/* the largest integer that every JSON reader holds exactly (RFC 8259 section 6) */
#define TIME_MAX (INT64_C(1) << 53)

PgtcCode
pgtc_json_read_object(PgtcSlice text, json_t **out)
{
	json_error_t error;
	json_t *value;

	*out = NULL;
	if (text.data == NULL)
		return PGTC_E_MALFORMED;

	/* without JSON_DECODE_ANY only objects and arrays, without JSON_ALLOW_NUL no \u0000 */
	value = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
	{
		switch (json_error_code(&error))
		{
			case json_error_duplicate_key:
				return PGTC_E_DUPLICATE;
			case json_error_out_of_memory:
				return PGTC_E_NOMEM;
			default:
				return PGTC_E_MALFORMED;
		}
	}
	if (!json_is_object(value))
	{
		json_decref(value);
		return PGTC_E_MALFORMED;
	}
	*out = value;
	return PGTC_OK;
}

PgtcCode
pgtc_json_read_b64url(PgtcSlice text, const PgtcMem *mem, json_t **out)
{
	uint8_t *decoded = mem->alloc(text.len);
	size_t len;
	PgtcCode code;

	*out = NULL;
	if (decoded == NULL)
		return PGTC_E_NOMEM;
	code = pgtc_b64url_decode(text, decoded, text.len, &len);
	if (code == PGTC_OK)
		code = pgtc_json_read_object(pgtc_slice((const char *) decoded, len), out);
	mem->release(decoded);
	return code;
}

PgtcSlice
pgtc_json_read_string(const json_t *value)
{
	if (!json_is_string(value))
		return pgtc_slice(NULL, 0);
	return pgtc_slice(json_string_value(value), json_string_length(value));
}

PgtcCode
pgtc_json_read_time(const json_t *value, int64_t *out)
{
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
		json_integer_value(value) <= TIME_MAX)
		*out = json_integer_value(value);
	else if (json_is_real(value) && json_real_value(value) >= 0 &&
			 json_real_value(value) <= (double) TIME_MAX)
		*out = (int64_t) json_real_value(value);
	else
		return PGTC_E_CLAIM;
	return PGTC_OK;
}

bool
pgtc_json_read_is(const json_t *object, const char *name, const char *expected)
{
	PgtcSlice value = pgtc_json_read_string(json_object_get(object, name));

	return value.data != NULL && pgtc_slice_equal(value, pgtc_slice_str(expected));
}

PgtcCode
pgtc_json_read_name(const json_t *value, const PgtcName *names, int n, int *out)
{
	PgtcSlice text = pgtc_json_read_string(value);
	int i;

	for (i = 0; i < n; i++)
	{
		if (pgtc_slice_equal(text, pgtc_slice_str(names[i].name)))
		{
			*out = names[i].value;
			return PGTC_OK;
		}
	}
	return PGTC_E_MALFORMED;
}
