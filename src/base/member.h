/*
 * member.h
 *		Reading the members of a jsonb object.
 */
#ifndef PGT_MEMBER_H
#define PGT_MEMBER_H

#include "base/compat.h"

#include "utils/jsonb.h"

/* each answers if_absent (or NULL, n = -1) when the member is not there or of another type; results are palloc'd */
extern char *member_string(Jsonb *object, const char *name);
extern bool member_bool(Jsonb *object, const char *name, bool if_absent);
extern int64 member_int(Jsonb *object, const char *name, int64 if_absent);
extern char **member_strings(Jsonb *object, const char *name, int *n);

/* the member as a value of its own, whatever its type; NULL */
extern Jsonb *member_json(Jsonb *object, const char *name);

/* the member as JSON text; NULL */
extern char *member_text(Jsonb *object, const char *name);

#endif /* PGT_MEMBER_H */
