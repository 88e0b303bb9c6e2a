/*
 * strings.c
 *		Strings of the server and of C.
 */
#include "base/strings.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/glue.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"

PgtcSlice
strings_slice(const text *t)
{
	return pgtc_slice(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

char *
strings_of_slice(PgtcSlice slice)
{
	return slice.data ? pnstrdup(slice.data, slice.len) : NULL;
}

char *
strings_of_uuid(const pg_uuid_t *uuid)
{
	char *out = palloc(PGTC_UUID_TEXT_LEN + 1);

	pgtc_uuid_text(uuid->data, out);
	return out;
}

char **
strings_of_array(ArrayType *array, const char *argument, int *n)
{
	Datum *elements;
	bool *nulls;
	char **strings;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a one-dimensional array", argument)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, n);
	strings = palloc(sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		glue_require(!nulls[i], argument);
		strings[i] = TextDatumGetCString(elements[i]);
	}
	return strings;
}

bool
strings_have(char *const *strings, int n, const char *string)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(strings[i], string) == 0)
			return true;
	}
	return false;
}

char *
strings_of_list(char *const *strings, int n)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? " " : "", strings[i]);
	return list.data;
}

ArrayType *
strings_to_array(char *const *strings, int n)
{
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(strings[i]);
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

int
strings_find(StringsNth nth, const char *string)
{
	const char *known;

	for (int n = 0; (known = nth(n)) != NULL; n++)
	{
		if (strcmp(known, string) == 0)
			return n;
	}
	return -1;
}

char *
strings_joined(StringsNth nth, const char *separator)
{
	StringInfoData joined;
	const char *string;

	initStringInfo(&joined);
	for (int n = 0; (string = nth(n)) != NULL; n++)
		appendStringInfo(&joined, "%s%s", n > 0 ? separator : "", string);
	return joined.data;
}

char *
strings_of_scope(const PgtcScope *scope)
{
	PgtcBuf buf;
	char *string;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_scope_write(scope, &buf);
	glue_check(pgtc_buf_code(&buf), "writing a scope");
	string = pnstrdup(buf.data ? buf.data : "", buf.len);
	pgtc_buf_free(&buf);
	return string;
}

void
strings_to_scope(const char *string, PgtcScope *scope)
{
	glue_check(pgtc_scope_parse(pgtc_slice_str(string), scope), "reading a scope");
}

char **
strings_in_scope(const PgtcScope *scope)
{
	char **strings = palloc(sizeof(char *) * Max(scope->n, 1));

	for (int i = 0; i < scope->n; i++)
		strings[i] = pnstrdup(scope->token[i].data, scope->token[i].len);
	return strings;
}
