/*
 * names.c
 *		Lists of names that stand in one table each, whoever asks for them.
 */
#include "base/names.h"

#include "lib/stringinfo.h"

int
names_find(Names names, const char *name)
{
	const char *known;

	for (int n = 0; (known = names(n)) != NULL; n++)
	{
		if (strcmp(known, name) == 0)
			return n;
	}
	return -1;
}

char *
names_joined(Names names, const char *separator)
{
	StringInfoData joined;
	const char *name;

	initStringInfo(&joined);
	for (int n = 0; (name = names(n)) != NULL; n++)
		appendStringInfo(&joined, "%s%s", n > 0 ? separator : "", name);
	return joined.data;
}
