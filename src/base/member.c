/*
 * member.c
 *		Reading the members of a jsonb object.
 */
#include "base/member.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/object.h"

static bool
find(Jsonb *object, const char *name, JsonbValue *value)
{
	return object && JB_ROOT_IS_OBJECT(object) &&
		   getKeyJsonValueFromContainer(&object->root, name, strlen(name), value) != NULL;
}

char *
member_string(Jsonb *object, const char *name)
{
	JsonbValue value;

	if (!find(object, name, &value) || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

bool
member_bool(Jsonb *object, const char *name, bool if_absent)
{
	JsonbValue value;

	return find(object, name, &value) && value.type == jbvBool ? value.val.boolean : if_absent;
}

int64
member_int(Jsonb *object, const char *name, int64 if_absent)
{
	JsonbValue value;

	if (!find(object, name, &value) || value.type != jbvNumeric)
		return if_absent;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

char **
member_strings(Jsonb *object, const char *name, int *n)
{
	JsonbValue value;
	char **strings;

	*n = -1;
	if (!find(object, name, &value) || value.type != jbvBinary ||
		!JsonContainerIsArray(value.val.binary.data))
		return NULL;
	strings = palloc(sizeof(char *) * Max(JsonContainerSize(value.val.binary.data), 1));
	*n = 0;
	for (uint32 i = 0; i < JsonContainerSize(value.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(value.val.binary.data, i);

		if (element->type == jbvString)
			strings[(*n)++] = pnstrdup(element->val.string.val, element->val.string.len);
	}
	return strings;
}

Jsonb *
member_json(Jsonb *object, const char *name)
{
	JsonbValue value;

	return find(object, name, &value) ? JsonbValueToJsonb(&value) : NULL;
}

char *
member_text(Jsonb *object, const char *name)
{
	Jsonb *member = member_json(object, name);

	return object_text(member);
}
