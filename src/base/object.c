/*
 * object.c
 *		JSON objects: built member by member, joined, printed.
 */
#include "base/object.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/glue.h"

char *
object_text(Jsonb *json)
{
	return json ? JsonbToCString(NULL, &json->root, VARSIZE(json)) : NULL;
}

Jsonb *
object_of_buf(PgtcBuf *buf)
{
	Jsonb *json;

	glue_check(pgtc_buf_code(buf), "writing JSON");
	json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(buf->data)));
	pgtc_buf_free(buf);
	return json;
}

Jsonb *
object_empty(void)
{
	Object object;

	object_begin(&object);
	return object_end(&object);
}

Jsonb *
object_concat(Jsonb *object, Jsonb *more)
{
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(object), JsonbPGetDatum(more)));
}

Jsonb *
object_without(Jsonb *object, const char *name)
{
	return DatumGetJsonbP(
		DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(object), CStringGetTextDatum(name)));
}

void
object_begin(Object *object)
{
	memset(object, 0, sizeof(*object));
	compat_jsonb_push(&object->state, WJB_BEGIN_OBJECT, NULL);
}

void
object_value(Object *object, const char *name, JsonbValue *value)
{
	JsonbValue key = {.type = jbvString};

	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	compat_jsonb_push(&object->state, WJB_KEY, &key);
	compat_jsonb_push(&object->state, WJB_VALUE, value);
}

void
object_string(Object *object, const char *name, const char *string)
{
	JsonbValue value = {.type = jbvString};

	if (string == NULL)
		return;
	value.val.string.val = unconstify(char *, string);
	value.val.string.len = strlen(string);
	object_value(object, name, &value);
}

void
object_strings(Object *object, const char *name, char *const *strings, int n)
{
	Object array;

	object_array_begin(&array);
	for (int i = 0; i < n; i++)
	{
		JsonbValue value = {.type = jbvString};

		value.val.string.val = strings[i];
		value.val.string.len = strlen(strings[i]);
		compat_jsonb_push(&array.state, WJB_ELEM, &value);
	}
	object_jsonb(object, name, object_array_end(&array));
}

void
object_int(Object *object, const char *name, int64 number)
{
	JsonbValue value = {.type = jbvNumeric};

	value.val.numeric = int64_to_numeric(number);
	object_value(object, name, &value);
}

void
object_time(Object *object, const char *name, TimestampTz time)
{
	const int utc = 0;

	object_string(object, name,
				  JsonEncodeDateTime(NULL, TimestampTzGetDatum(time), TIMESTAMPTZOID, &utc));
}

void
object_bool(Object *object, const char *name, bool boolean)
{
	JsonbValue value = {.type = jbvBool};

	value.val.boolean = boolean;
	object_value(object, name, &value);
}

void
object_jsonb(Object *object, const char *name, Jsonb *json)
{
	JsonbValue value = {.type = jbvBinary};

	value.val.binary.data = &json->root;
	value.val.binary.len = VARSIZE(json) - VARHDRSZ;
	object_value(object, name, &value);
}

Jsonb *
object_end(Object *object)
{
	return JsonbValueToJsonb(compat_jsonb_push(&object->state, WJB_END_OBJECT, NULL));
}

void
object_array_begin(Object *array)
{
	memset(array, 0, sizeof(*array));
	compat_jsonb_push(&array->state, WJB_BEGIN_ARRAY, NULL);
}

void
object_array_add(Object *array, Jsonb *json)
{
	JsonbValue value = {.type = jbvBinary};

	value.val.binary.data = &json->root;
	value.val.binary.len = VARSIZE(json) - VARHDRSZ;
	compat_jsonb_push(&array->state, WJB_ELEM, &value);
}

Jsonb *
object_array_end(Object *array)
{
	return JsonbValueToJsonb(compat_jsonb_push(&array->state, WJB_END_ARRAY, NULL));
}
