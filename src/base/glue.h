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
extern const PgtcMem pgt_mem;

/* strong random bytes, or ereport(58000) */
extern void pgt_random(void *out, size_t len);

/* the same for what is no secret (identifiers, nonces), drawn in larger portions; len <= 32 */
extern void pgt_random_public(void *out, size_t len);

/* elog(ERROR) unless the code is PGTC_OK; for what cannot fail but for lack of memory or a broken OpenSSL */
extern void pgt_check(PgtcCode code, const char *doing);

extern void pgt_new_uuid(pg_uuid_t *out);

/* all zeros: the grant_id of what belongs to no family */
extern const pg_uuid_t pgt_no_grant;

extern int64 pgt_unix_seconds(TimestampTz ts);
extern TimestampTz pgt_timestamp_of_unix(int64 seconds);
extern TimestampTz pgt_plus_seconds(TimestampTz ts, int64 seconds);

/*
 * Did it happen less than so many seconds before the request came in, or while the
 * request was under way?  now was read after what at was read from.  What lies ahead
 * of both was dated by a clock that has been put back since, and counts for as many
 * seconds ahead.
 */
extern bool pgt_happened_within(TimestampTz at, int64 seconds, TimestampTz entered,
								TimestampTz now);

/* whole seconds, months counted in the calendar from now on, as far as they fit */
extern int pgt_interval_seconds(const Interval *interval);

extern PgtcSlice pgt_slice_text(const text *t);
extern char *pgt_uuid_cstring(const pg_uuid_t *uuid);

/* a text[] as palloc'd C strings; ereport(22004) for a NULL element, 22023 for more than one dimension */
extern char **pgt_text_array(ArrayType *array, const char *argument, int *n);
/* is the string among them? */
extern bool pgt_strings_have(char *const *strings, int n, const char *string);

extern ArrayType *pgt_make_text_array(char *const *strings, int n);

/* as JSON text; NULL stays NULL */
extern char *pgt_jsonb_text(Jsonb *json);

/* the buffer's JSON text as jsonb; the buffer is freed */
extern Jsonb *pgt_jsonb_of_buf(PgtcBuf *buf);
extern Jsonb *pgt_empty_jsonb(void);

/* two objects in one; the members of more win */
extern Jsonb *pgt_jsonb_concat(Jsonb *object, Jsonb *more);

/* building a jsonb object member by member; a NULL string writes nothing */
typedef struct PgtObject
{
	PgtJsonbState state;
} PgtObject;

extern void pgt_object_begin(PgtObject *object);
extern void pgt_object_value(PgtObject *object, const char *name, JsonbValue *value);
extern void pgt_object_string(PgtObject *object, const char *name, const char *string);
extern void pgt_object_strings(PgtObject *object, const char *name, char *const *strings, int n);
extern void pgt_object_int(PgtObject *object, const char *name, int64 number);
/* ISO 8601, in UTC */
extern void pgt_object_time(PgtObject *object, const char *name, TimestampTz time);
extern void pgt_object_bool(PgtObject *object, const char *name, bool boolean);
extern void pgt_object_jsonb(PgtObject *object, const char *name, Jsonb *json);
extern Jsonb *pgt_object_end(PgtObject *object);

/* the same for an array of objects */
extern void pgt_array_begin(PgtObject *array);
extern void pgt_array_jsonb(PgtObject *array, Jsonb *json);
extern Jsonb *pgt_array_end(PgtObject *array);

/*
 * Claims whose jansson tree ends with the current memory context at the latest,
 * so that an ereport cannot leak it; *code says whether they could be read.
 */
extern PgtcClaims *pgt_claims_read(PgtcSlice payload, PgtcCode *code);

/* ereport(22004) with the argument's name */
extern void pgt_require(bool given, const char *argument);

#endif /* PGT_GLUE_H */
