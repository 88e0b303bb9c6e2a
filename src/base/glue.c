/*
 * glue.c
 *		Small things between PostgreSQL's types and the core's.
 */
#include "base/glue.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/base/ids.h"

#define EPOCH_OFFSET_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (SECS_PER_DAY))

const pg_uuid_t glue_no_grant = {{0}};

static void *
mem_alloc(size_t size)
{
	return AllocSizeIsValid(size) ? palloc_extended(size, MCXT_ALLOC_NO_OOM) : NULL;
}

static void
mem_release(void *ptr)
{
	pfree(ptr);
}

const PgtcMem glue_mem = {mem_alloc, mem_release};

void
random_bytes(void *out, size_t len)
{
	if (!pg_strong_random(out, len))
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("could not obtain random bytes"),
						errhint("Check the operating system's random number source.")));
}

void
random_public(void *out, size_t len)
{
	static uint8 pool[512];
	static size_t left = 0;

	Assert(len <= 32);
	if (left < len)
	{
		random_bytes(pool, sizeof(pool));
		left = sizeof(pool);
	}
	left -= len;
	memcpy(out, pool + left, len);
}

void
glue_check(PgtcCode code, const char *doing)
{
	if (code == PGTC_E_NOMEM)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory while %s", doing)));
	if (code != PGTC_OK)
		elog(ERROR, "pgtoken failed while %s: %s", doing, pgtc_code_text(code));
}

void
random_uuid(pg_uuid_t *out)
{
	TimestampTz now = GetCurrentTimestamp();
	uint8_t random[8];

	random_public(random, sizeof(random));
	pgtc_uuid7((uint64_t) (now + EPOCH_OFFSET_SECONDS * USECS_PER_SEC), random, out->data);
}

int64
moment_unix(TimestampTz ts)
{
	/* round down, also before 2000 */
	int64 seconds = ts / USECS_PER_SEC;

	if (ts % USECS_PER_SEC < 0)
		seconds--;
	return seconds + EPOCH_OFFSET_SECONDS;
}

TimestampTz
moment_of_unix(int64 seconds)
{
	return (seconds - EPOCH_OFFSET_SECONDS) * USECS_PER_SEC;
}

TimestampTz
moment_plus(TimestampTz ts, int64 seconds)
{
	return ts + seconds * USECS_PER_SEC;
}

bool
moment_is_within(TimestampTz at, int64 seconds, TimestampTz entered, TimestampTz now)
{
	if (at <= entered)
		return entered < moment_plus(at, seconds);
	return at <= now || at < moment_plus(entered, seconds);
}

Lifetime
lifetime_of(const Interval *interval)
{
	return (Lifetime){true, interval->month,
					  (int64) interval->day * SECS_PER_DAY + interval->time / USECS_PER_SEC};
}

#define MONTHS_MAX (100 * MONTHS_PER_YEAR)

/* months have no length of their own: they are counted in the calendar, of UTC, from this moment */
int
lifetime_seconds(const Lifetime *lifetime, int if_not_given)
{
	/* a century is more than seconds can be, and the calendar has an end */
	Interval months = {.month = Max(Min(lifetime->months, MONTHS_MAX), -MONTHS_MAX)};
	int64 seconds = lifetime->seconds;

	if (!lifetime->given)
		return if_not_given;
	if (lifetime->months != 0)
	{
		TimestampTz now = GetCurrentTimestamp();
		Datum end = DirectFunctionCall2(timestamp_pl_interval, TimestampGetDatum(now),
										IntervalPGetDatum(&months));

		seconds += (DatumGetTimestamp(end) - now) / USECS_PER_SEC;
	}
	return Max(Min(seconds, PG_INT32_MAX), PG_INT32_MIN);
}

int
lifetime_of_interval(const Interval *interval)
{
	Lifetime lifetime = lifetime_of(interval);

	return lifetime_seconds(&lifetime, 0);
}

PgtcSlice
strings_slice(const text *t)
{
	return pgtc_slice(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
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
		argument_require(!nulls[i], argument);
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

ArrayType *
strings_to_array(char *const *strings, int n)
{
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(strings[i]);
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

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

typedef struct OwnedClaims
{
	PgtcClaims claims; /* first, so that both have one address */
	MemoryContextCallback callback;
} OwnedClaims;

static void
free_owned_claims(void *arg)
{
	pgtc_claims_free((PgtcClaims *) arg);
}

PgtcClaims *
glue_claims_read(PgtcSlice payload, PgtcCode *code)
{
	OwnedClaims *owned = palloc0(sizeof(OwnedClaims));

	owned->callback.func = free_owned_claims;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &owned->callback);
	*code = pgtc_claims_read(payload, &owned->claims);
	return &owned->claims;
}

void
argument_require(bool given, const char *argument)
{
	if (!given)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", argument)));
}
