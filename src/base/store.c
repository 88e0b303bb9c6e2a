/*
 * store.c
 *		The only door to the tables: SPI, its plans, and row operations (base/exec.h).
 *
 * Plans are generic and live as long as the backend.  Errors name the query, never a value.
 */
#include "base/store.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/cache.h"
#include "base/catalogue.h"
#include "base/exec.h"
#include "base/guc.h"
#include "base/kept.h"
#include "base/strings.h"

/* a statement that has been prepared */
typedef struct StorePlan
{
	SPIPlanPtr plan;
	int n;
	Oid types[STORE_ARGS_MAX]; /* of the parameters, as the first call has given them */
	uint64 catalogue; /* catalogue_changes, then */
	struct StorePlan *next;
} StorePlan;

static StorePlan *plans = NULL;

int
store_columns(const StoreQuery *query, const char **names)
{
	static const Datum values[STORE_COLUMNS_MAX] = {0};
	bool nulls[STORE_COLUMNS_MAX];
	StoreRow row = {values, nulls, STORE_COLUMNS_MAX, 0, names, 0, NULL};

	memset(nulls, true, sizeof(nulls));
	query->row_reader(&row, palloc0(query->row_size));
	if (row.column != row.named)
		elog(ERROR, "the reader of \"%s\" takes a column without a name", query->name);
	return row.named;
}

/* c of columns; of the arguments that have names n the names, v the values, s both as SET wants them */
static char *
list_of(const StoreQuery *query, const StoreArgs *args, char what)
{
	const char *columns[STORE_COLUMNS_MAX];
	const char *const *names = what == 'c' ? columns : args->name;
	int n = what == 'c' ? store_columns(query, columns) : args->n;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (names[i] == NULL)
			continue;
		appendStringInfoString(&list, list.len > 0 ? ", " : "");
		if (what != 'v')
			appendStringInfoString(&list, names[i]);
		if (what == 's')
			appendStringInfoString(&list, " = ");
		if (what == 'v' || what == 's')
			appendStringInfo(&list, "$%d", i + 1);
	}
	return list.data;
}

static char *
text_of(const StoreQuery *query, const StoreArgs *args)
{
	const char *text = query->sql;
	const char *mark;
	StringInfoData whole;

	initStringInfo(&whole);
	for (; (mark = strchr(text, '{')) != NULL; text = strchr(mark, '}') + 1)
	{
		appendBinaryStringInfo(&whole, text, mark - text);
		appendStringInfoString(&whole, list_of(query, args, mark[1]));
	}
	appendStringInfoString(&whole, text);
	return whole.data;
}

static StorePlan *
prepare(const StoreQuery *query, const StoreArgs *args)
{
	SPIPlanPtr plan = SPI_prepare_cursor(text_of(query, args), args->n, (Oid *) args->type,
										 CURSOR_OPT_GENERIC_PLAN);
	StorePlan *kept;

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", query->name,
			 SPI_result_code_string(SPI_result));
	kept = MemoryContextAlloc(TopMemoryContext, sizeof(StorePlan));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep the plan of \"%s\"", query->name);
	kept->plan = plan;
	kept->n = args->n;
	kept->catalogue = catalogue_changes;
	memcpy(kept->types, args->type, sizeof(kept->types));
	kept->next = plans;
	plans = kept;
	return kept;
}

static SPIPlanPtr
plan_of(StoreQuery *query, const StoreArgs *args)
{
	/* what it lists may be more now; who is in the middle of the one before goes on with it */
	if (query->plan == NULL || query->plan->catalogue != catalogue_changes)
		query->plan = prepare(query, args);
	if (query->plan->n != args->n ||
		memcmp(query->plan->types, args->type, sizeof(Oid) * args->n) != 0)
		elog(ERROR, "\"%s\" has got other parameters than it was prepared for", query->name);
	return query->plan->plan;
}

static bool
is_expected(StoreKind kind, int code)
{
	if (kind == STORE_READS || kind == STORE_READS_LATEST)
		return code == SPI_OK_SELECT;
	return code == SPI_OK_INSERT || code == SPI_OK_UPDATE || code == SPI_OK_DELETE ||
		   code == SPI_OK_INSERT_RETURNING || code == SPI_OK_UPDATE_RETURNING;
}

uint64
store_run(StoreQuery *query, const StoreArgs *args, StoreReader reader, void *arg)
{
	static const StoreArgs none = {0};
	MemoryContext caller = CurrentMemoryContext;
	bool latest = query->kind == STORE_READS_LATEST;
	SPIPlanPtr plan;
	uint64 rows;
	int code;

	if (args == NULL)
		args = &none;
	if (query->row.kind == ROW_INSERT)
	{
		cache_mark_dirty(CACHE_REVOCATION);
		if (exec_insert(query, args))
			return 1;
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI for \"%s\"", query->name);
	plan = plan_of(query, args);
	if (latest)
		PushActiveSnapshot(GetLatestSnapshot());
	else if (query->kind != STORE_READS)
		cache_mark_dirty(CACHE_REVOCATION); /* the triggers tell of configuration */
	if (query->kind == STORE_WRITES_LATEST)
		code = SPI_execute_snapshot(plan, (Datum *) args->value, args->null, GetLatestSnapshot(),
									InvalidSnapshot, false, true, 0);
	else
		code = SPI_execute_plan(plan, (Datum *) args->value, args->null, latest, 0);
	if (latest)
		PopActiveSnapshot();
	if (!is_expected(query->kind, code))
		elog(ERROR, "\"%s\" answered %s", query->name, SPI_result_code_string(code));

	rows = SPI_processed;
	if (reader)
	{
		SPITupleTable *table = SPI_tuptable;
		int columns = table->tupdesc->natts;
		/* in SPI's context, which ends with SPI_finish */
		Datum *values = palloc(sizeof(Datum) * columns);
		bool *nulls = palloc(sizeof(bool) * columns);

		MemoryContextSwitchTo(caller);
		for (uint64 i = 0; i < rows; i++)
		{
			StoreRow row = {values, nulls, columns, 0, NULL, 0, NULL};

			/* at once: SPI_getbinval would walk through the row again for each column */
			heap_deform_tuple(table->vals[i], table->tupdesc, values, nulls);
			reader(&row, arg);
		}
	}
	SPI_finish();
	MemoryContextSwitchTo(caller);
	return rows;
}

void *
store_find(StoreQuery *query, const StoreArgs *args)
{
	void *row = palloc0(query->row_size);
	bool found;

	if (query->row.kind == ROW_READ && exec_read(query, args, row, &found))
		return found ? row : NULL;
	return store_run(query, args, query->row_reader, row) == 1 ? row : NULL;
}

bool
store_update_found(StoreQuery *query, const StoreArgs *args, const StoreFound *found)
{
	cache_mark_dirty(CACHE_REVOCATION);
	return exec_update(query, args, found);
}

Size
store_plans_size(void)
{
	Size size = kept_size();

	for (const StorePlan *kept = plans; kept; kept = kept->next)
	{
		ListCell *cell;

		size += sizeof(StorePlan);
		foreach (cell, SPI_plan_get_plan_sources(kept->plan))
		{
			CachedPlanSource *source = lfirst(cell);

			/* the query tree's context is a child of the source's, the plan's stands beside it */
			size += MemoryContextMemAllocated(source->context, true);
			if (source->gplan)
				size += MemoryContextMemAllocated(source->gplan->context, true);
		}
	}
	return size;
}

void
store_make_durable(void)
{
	if (!guc_durable_rotation)
		return;
	/* holds even if the caller turns the setting off again before it commits */
	ForceSyncCommit();
	if (synchronous_commit < SYNCHRONOUS_COMMIT_REMOTE_WRITE)
		(void) set_config_option("synchronous_commit", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
}

void
store_arg_value(StoreArgs *args, Oid type, Datum value, bool is_null)
{
	Assert(args->n < STORE_ARGS_MAX);
	args->type[args->n] = type;
	args->value[args->n] = value;
	args->null[args->n] = is_null ? 'n' : ' ';
	args->n++;
}

void
store_arg_text(StoreArgs *args, const char *value)
{
	store_arg_value(args, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
store_arg_uuid(StoreArgs *args, const pg_uuid_t *value)
{
	store_arg_value(args, UUIDOID, UUIDPGetDatum(value), value == NULL);
}

void
store_arg_bytes(StoreArgs *args, const void *value, size_t len)
{
	bytea *copy = NULL;

	if (value)
	{
		copy = palloc(VARHDRSZ + len);
		SET_VARSIZE(copy, VARHDRSZ + len);
		memcpy(VARDATA(copy), value, len);
	}
	store_arg_value(args, BYTEAOID, PointerGetDatum(copy), copy == NULL);
}

void
store_arg_hashes(StoreArgs *args, const uint8_t (*values)[32], int n)
{
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		bytea *copy = palloc(VARHDRSZ + sizeof(values[i]));

		SET_VARSIZE(copy, VARHDRSZ + sizeof(values[i]));
		memcpy(VARDATA(copy), values[i], sizeof(values[i]));
		elements[i] = PointerGetDatum(copy);
	}
	store_arg_value(
		args, BYTEAARRAYOID,
		n < 0 ? (Datum) 0
			  : PointerGetDatum(construct_array(elements, n, BYTEAOID, -1, false, TYPALIGN_INT)),
		n < 0);
}

void
store_arg_int(StoreArgs *args, int32 value)
{
	store_arg_value(args, INT4OID, Int32GetDatum(value), false);
}

void
store_arg_generation(StoreArgs *args, int32 value)
{
	store_arg_value(args, INT4OID, Int32GetDatum(value), value < 0);
}

void
store_arg_long(StoreArgs *args, int64 value)
{
	store_arg_value(args, INT8OID, Int64GetDatum(value), false);
}

void
store_arg_counter(StoreArgs *args, int64 value)
{
	store_arg_value(args, INT8OID, Int64GetDatum(value), value < 0);
}

void
store_arg_begun(StoreArgs *args, const Begun *begun)
{
	store_arg_counter(store_named(args, "issuer_epoch"), begun->issuer_epoch);
	store_arg_counter(store_named(args, "client_epoch"), begun->client_epoch);
	store_arg_counter(store_named(args, "subject_epoch"), begun->subject_epoch);
}

void
store_arg_bool(StoreArgs *args, bool value)
{
	store_arg_value(args, BOOLOID, BoolGetDatum(value), false);
}

void
store_arg_time(StoreArgs *args, TimestampTz value)
{
	store_arg_value(args, TIMESTAMPTZOID, TimestampTzGetDatum(value), TIMESTAMP_IS_NOBEGIN(value));
}

void
store_arg_seconds(StoreArgs *args, int32 value)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = value * USECS_PER_SEC;
	store_arg_value(args, INTERVALOID, IntervalPGetDatum(interval), value < 0);
}

void
store_arg_jsonb(StoreArgs *args, Jsonb *value)
{
	store_arg_value(args, JSONBOID, PointerGetDatum(value), value == NULL);
}

void
store_arg_texts(StoreArgs *args, char *const *values, int n)
{
	store_arg_value(args, TEXTARRAYOID,
					n < 0 ? (Datum) 0 : PointerGetDatum(strings_to_array(values, n)), n < 0);
}

void
store_arg_uuids(StoreArgs *args, const pg_uuid_t *values, int n)
{
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = UUIDPGetDatum(&values[i]);
	store_arg_value(args, UUIDARRAYOID,
					n == 0 ? (Datum) 0
						   : PointerGetDatum(construct_array(elements, n, UUIDOID, UUID_LEN, false,
															 TYPALIGN_CHAR)),
					n == 0);
}

void
store_list(StoreRow *row, const char *name)
{
	Assert(row->named < STORE_COLUMNS_MAX);
	row->names[row->named++] = name;
}

static Datum
next_column(StoreRow *row, bool *is_null)
{
	Assert(row->column < row->columns);
	*is_null = row->nulls[row->column];
	return row->values[row->column++];
}

bool
store_given(StoreRow *row)
{
	bool is_null;

	(void) next_column(row, &is_null);
	return !is_null;
}

char *
store_text(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

bytea *
store_bytea(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : DatumGetByteaPCopy(value);
}

bool
store_bytes(StoreRow *row, void *out, size_t len)
{
	bytea *value = store_bytea(row);

	if (value == NULL)
	{
		memset(out, 0, len);
		return false;
	}
	if (VARSIZE_ANY_EXHDR(value) != len)
		elog(ERROR, "stored bytes have the wrong length");
	memcpy(out, VARDATA_ANY(value), len);
	return true;
}

int32
store_int(StoreRow *row, int32 if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : DatumGetInt32(value);
}

void
store_begun(StoreRow *row, Begun *begun)
{
	begun->issuer_epoch = store_long(store_column(row, "issuer_epoch"), EPOCH_NONE);
	begun->client_epoch = store_long(store_column(row, "client_epoch"), EPOCH_NONE);
	begun->subject_epoch = store_long(store_column(row, "subject_epoch"), EPOCH_NONE);
}

void
store_epochs(StoreRow *row, Epochs *epochs)
{
	epochs->current = store_long(row, 0);
	epochs->since_end = store_long(row, 0);
	epochs->not_before = store_time(row, DT_NOBEGIN);
	epochs->not_before_epoch = store_long(row, 0);
}

int64
store_long(StoreRow *row, int64 if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : DatumGetInt64(value);
}

Lifetime
store_lifetime(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? (Lifetime){0} : lifetime_of(DatumGetIntervalP(value));
}

int32
store_seconds(StoreRow *row, int32 if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : lifetime_of_interval(DatumGetIntervalP(value));
}

bool
store_bool(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return !is_null && DatumGetBool(value);
}

TimestampTz
store_time(StoreRow *row, TimestampTz if_null)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? if_null : DatumGetTimestampTz(value);
}

int
store_name(StoreRow *row, StringsNth names)
{
	const char *name = store_text(row);
	int n = name ? strings_find(names, name) : -1;

	if (n < 0 && row->names == NULL)
		elog(ERROR, "unknown name in a row");
	return Max(n, 0);
}

Jsonb *
store_jsonb(StoreRow *row)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	return is_null ? NULL : DatumGetJsonbPCopy(value);
}

char **
store_texts(StoreRow *row, int *n)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	if (is_null)
	{
		*n = -1;
		return NULL;
	}
	return strings_of_array(DatumGetArrayTypeP(value), "array", n);
}

bool
store_uuid_optional(StoreRow *row, pg_uuid_t *out)
{
	bool is_null;
	Datum value = next_column(row, &is_null);

	if (is_null)
		memset(out, 0, sizeof(*out));
	else
		memcpy(out, DatumGetUUIDP(value), UUID_LEN);
	return !is_null;
}

void
store_uuid(StoreRow *row, pg_uuid_t *out)
{
	if (!store_uuid_optional(row, out) && row->names == NULL)
		elog(ERROR, "unexpected NULL");
}

pg_uuid_t *
store_uuids(StoreRow *row, int *n)
{
	bool is_null;
	Datum value = next_column(row, &is_null);
	Datum *elements;
	pg_uuid_t *uuids;

	*n = -1;
	if (is_null)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &elements,
					  NULL, n);
	uuids = palloc(sizeof(pg_uuid_t) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		memcpy(&uuids[i], DatumGetUUIDP(elements[i]), UUID_LEN);
	return uuids;
}

void
store_read_int(StoreRow *row, void *out)
{
	*(int *) out = store_int(row, 0);
}

void
store_read_time(StoreRow *row, void *out)
{
	*(TimestampTz *) out = store_time(row, DT_NOBEGIN);
}
