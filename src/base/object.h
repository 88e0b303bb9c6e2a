/*
 * object.h
 *		JSON objects: built member by member, joined, printed.
 */
#ifndef PGT_OBJECT_H
#define PGT_OBJECT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "core/base/buf.h"

/* as JSON text; NULL stays NULL */
extern char *object_text(Jsonb *json);

/* the buffer's JSON text as jsonb; the buffer is freed */
extern Jsonb *object_of_buf(PgtcBuf *buf);
extern Jsonb *object_empty(void);

/* two objects in one; the members of more win */
extern Jsonb *object_concat(Jsonb *object, Jsonb *more);

/* without this member */
extern Jsonb *object_without(Jsonb *object, const char *name);

/* building a jsonb object member by member; a NULL string writes nothing */
typedef struct Object
{
	PgtJsonbState state;
} Object;

extern void object_begin(Object *object);
extern void object_value(Object *object, const char *name, JsonbValue *value);
extern void object_string(Object *object, const char *name, const char *string);
extern void object_strings(Object *object, const char *name, char *const *strings, int n);
extern void object_int(Object *object, const char *name, int64 number);
/* ISO 8601, in UTC */
extern void object_time(Object *object, const char *name, TimestampTz time);
extern void object_bool(Object *object, const char *name, bool boolean);
extern void object_jsonb(Object *object, const char *name, Jsonb *json);
extern Jsonb *object_end(Object *object);

/* the same for an array of objects */
extern void object_array_begin(Object *array);
extern void object_array_add(Object *array, Jsonb *json);
extern Jsonb *object_array_end(Object *array);

#endif /* PGT_OBJECT_H */
