/*
 * strings.h
 *		Strings of the server and of C.
 */
#ifndef PGT_STRINGS_H
#define PGT_STRINGS_H

#include "base/compat.h"

#include "utils/array.h"
#include "utils/uuid.h"

#include "core/base/slice.h"
#include "core/oauth/scope.h"

extern PgtcSlice strings_slice(const text *t);
/* palloc'd; NULL for one without data */
extern char *strings_of_slice(PgtcSlice slice);
extern char *strings_of_uuid(const pg_uuid_t *uuid);

/* space-delimited, and back from where it is one */
extern char *strings_of_scope(const PgtcScope *scope);
extern void strings_to_scope(const char *string, PgtcScope *scope);
/* its tokens, as many as it has */
extern char **strings_in_scope(const PgtcScope *scope);

/* a text[] as palloc'd C strings; ereport(22004) for a NULL element, 22023 for more than one dimension */
extern char **strings_of_array(ArrayType *array, const char *argument, int *n);
/* is the string among them? */
extern bool strings_have(char *const *strings, int n, const char *string);

/* all of them in a row, separated by spaces, palloc'd */
extern char *strings_of_list(char *const *strings, int n);

extern ArrayType *strings_to_array(char *const *strings, int n);

/* a list that stands in a table of structs: its n-th string, NULL past its end */
typedef const char *(*StringsNth)(int n);

/* where it stands; -1: nowhere */
extern int strings_find(StringsNth nth, const char *string);

/* all of them in a row, palloc'd */
extern char *strings_joined(StringsNth nth, const char *separator);

#endif /* PGT_STRINGS_H */
