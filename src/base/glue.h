/*
 * glue.h
 *		Small things between PostgreSQL's types and the core's.
 */
#ifndef PGT_GLUE_H
#define PGT_GLUE_H

#include "base/compat.h"

#include "base/lifetime.h"
#include "core/base/buf.h"
#include "core/jose/claims.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* palloc that answers NULL instead of jumping, for core and buffers */
extern const PgtcMem glue_mem;

/* strong random bytes, or ereport(58000) */
extern void random_bytes(void *out, size_t len);

/* the same for what is no secret (identifiers, nonces), drawn in larger portions; len <= 32 */
extern void random_public(void *out, size_t len);

/* elog(ERROR) unless the code is PGTC_OK; for what cannot fail but for lack of memory or a broken OpenSSL */
extern void glue_check(PgtcCode code, const char *doing);

extern void random_uuid(pg_uuid_t *out);

/* all zeros: the grant_id of what belongs to no family */
extern const pg_uuid_t glue_no_grant;

extern int64 moment_unix(TimestampTz ts);
extern TimestampTz moment_of_unix(int64 seconds);
extern TimestampTz moment_plus(TimestampTz ts, int64 seconds);

/*
 * Did it happen less than so many seconds before the request came in, or while the
 * request was under way?  now was read after what at was read from.  What lies ahead
 * of both was dated by a clock that has been put back since, and counts for as many
 * seconds ahead.
 */
extern bool moment_is_within(TimestampTz at, int64 seconds, TimestampTz entered, TimestampTz now);

/* whole seconds, months counted in the calendar from now on, as far as they fit */
extern int lifetime_of_interval(const Interval *interval);

extern PgtcSlice strings_slice(const text *t);
extern char *strings_of_uuid(const pg_uuid_t *uuid);

/* a text[] as palloc'd C strings; ereport(22004) for a NULL element, 22023 for more than one dimension */
extern char **strings_of_array(ArrayType *array, const char *argument, int *n);
/* is the string among them? */
extern bool strings_have(char *const *strings, int n, const char *string);

extern ArrayType *strings_to_array(char *const *strings, int n);

/* as JSON text; NULL stays NULL */
extern char *object_text(Jsonb *json);

/* the buffer's JSON text as jsonb; the buffer is freed */
extern Jsonb *object_of_buf(PgtcBuf *buf);
extern Jsonb *object_empty(void);

/* two objects in one; the members of more win */
extern Jsonb *object_concat(Jsonb *object, Jsonb *more);

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

/*
 * Claims whose jansson tree ends with the current memory context at the latest,
 * so that an ereport cannot leak it; *code says whether they could be read.
 */
extern PgtcClaims *glue_claims_read(PgtcSlice payload, PgtcCode *code);

/* ereport(22004) with the argument's name */
extern void argument_require(bool given, const char *argument);

#endif /* PGT_GLUE_H */
