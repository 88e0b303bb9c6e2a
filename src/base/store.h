/*
 * store.h
 *		The only door to the tables.
 *
 * A statement stands beside the function that runs it; its text is prepared on
 * first use and kept.  That function fills StoreArgs in the order of the text's
 * parameters, and reads rows in a callback that runs in the caller's memory
 * context: what the getters return is palloc'd there and outlives the call.
 * Statements run as the owner of the extension, because every SQL function that
 * leads here is SECURITY DEFINER.
 */
#ifndef PGT_STORE_H
#define PGT_STORE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "base/lifetime.h"
#include "base/strings.h"

typedef enum StoreKind
{
	STORE_READS, /* what the transaction sees; may lock what it reads */
	STORE_READS_LATEST, /* what is committed by now, whatever the isolation level; writes nothing */
	STORE_WRITES,
	STORE_WRITES_LATEST /* and finds what is committed by now, whatever the isolation level */
} StoreKind;

/* a row as store.c reads it */
typedef struct StoreRow
{
	const Datum *values;
	const bool *nulls;
	int columns;
	int column; /* those that have been taken */
	const char **names; /* which are wanted, STORE_COLUMNS_MAX at most; NULL: it is a row indeed */
	int named;
	const struct StoreFound *found; /* where it is; NULL: not known */
} StoreRow;

typedef void (*StoreReader)(StoreRow *row, void *arg);

#define STORE_COLUMNS_MAX 64

/* a row that a row operation has read, as it was then; in the memory context of who read it */
typedef struct StoreFound StoreFound;

/*
 * What a hot statement does to one row.  Where nothing of the table asks for more, it is
 * done without the statement (base/exec.h); the two must come to the same.  The columns
 * are listed once for both: those of the row reader, or the arguments that have got names.
 */
typedef enum RowKind
{
	ROW_NONE,
	ROW_READ, /* the row whose column route is $1, the only argument */
	ROW_UPDATE, /* that of a StoreFound; what else the statement asks for has its caller seen there */
	ROW_INSERT /* into the partition that the column route says, where there are partitions */
} RowKind;

typedef struct RowOperation
{
	RowKind kind;
	const char *table; /* of the schema pgtoken */
	const char *route;
} RowOperation;

/*
 * Static, one for each statement.  Operators and functions are named with their
 * schema; on the way of a refresh it touches one family by grant_id.
 *
 * What has many columns lists them once, beside their values.  In the text {columns}
 * are those that the reader of such a row takes by store_column(), in its order;
 * ({names}) and ({values}) are the parameters that have got a name by store_named(),
 * {sets} gives them to the columns of that name.
 */
typedef struct StoreQuery
{
	const char *name; /* for errors, which never show a value */
	StoreKind kind;
	const char *sql;
	StoreReader row_reader; /* NULL: the text has no {columns} */
	size_t row_size; /* of the struct that it fills */
	RowOperation row; /* of kind ROW_NONE: nothing but the statement does it */
	struct StorePlan *plan; /* store.c's; NULL until it has run */
	struct Kept *kept; /* kept.c's, so too */
} StoreQuery;

#define STORE_QUERY(query_name, query_kind, text)                 \
	{                                                             \
		.name = (query_name), .kind = (query_kind), .sql = (text) \
	}

#define STORE_ROW_QUERY(query_name, query_kind, reader, row, text)                         \
	{                                                                                      \
		.name = (query_name), .kind = (query_kind), .sql = (text), .row_reader = (reader), \
		.row_size = sizeof(row)                                                            \
	}

/* with a row operation in place of the statement, wherever that will do */
#define STORE_HOT_WRITE(query_name, row_kind, row_table, row_route, text)   \
	{                                                                       \
		.name = (query_name), .kind = STORE_WRITES, .sql = (text), .row = { \
			(row_kind),                                                     \
			(row_table),                                                    \
			(row_route)                                                     \
		}                                                                   \
	}

#define STORE_HOT_READ(query_name, reader, struct_row, row_table, row_route, text)        \
	{                                                                                     \
		.name = (query_name), .kind = STORE_READS, .sql = (text), .row_reader = (reader), \
		.row_size = sizeof(struct_row), .row = {                                          \
			ROW_READ,                                                                     \
			(row_table),                                                                  \
			(row_route)                                                                   \
		}                                                                                 \
	}

#define EQ " OPERATOR(pg_catalog.=) "

/* of an issuer or client, as store_epochs() reads them */
#define EPOCH_COLUMNS(t) \
	t ".epoch, " t ".epochs_since_end, " t ".not_before, " t ".not_before_epoch"

#define STORE_ARGS_MAX 40

typedef struct StoreArgs
{
	int n;
	Oid type[STORE_ARGS_MAX];
	Datum value[STORE_ARGS_MAX];
	char null[STORE_ARGS_MAX];
	const char *name[STORE_ARGS_MAX]; /* NULL: the text has its number */
} StoreArgs;

/* gives the next parameter a name */
static inline StoreArgs *
store_named(StoreArgs *args, const char *name)
{
	args->name[args->n] = name;
	return args;
}

/* append one parameter; a NULL pointer and DT_NOBEGIN are SQL NULL */
extern void store_arg_value(StoreArgs *args, Oid type, Datum value, bool is_null);
extern void store_arg_text(StoreArgs *args, const char *value);
extern void store_arg_uuid(StoreArgs *args, const pg_uuid_t *value);
extern void store_arg_bytes(StoreArgs *args, const void *value, size_t len);
extern void store_arg_hashes(StoreArgs *args, const uint8_t (*values)[32], int n); /* n < 0: NULL */
extern void store_arg_int(StoreArgs *args, int32 value);
extern void store_arg_generation(StoreArgs *args, int32 value); /* value < 0: NULL */
extern void store_arg_long(StoreArgs *args, int64 value);
extern void store_arg_counter(StoreArgs *args, int64 value); /* value < 0: NULL */
extern void store_arg_begun(StoreArgs *args, const Begun *begun); /* its epochs, named */
extern void store_arg_bool(StoreArgs *args, bool value);
extern void store_arg_time(StoreArgs *args, TimestampTz value);
extern void store_arg_seconds(StoreArgs *args, int32 value); /* an interval; value < 0: NULL */
extern void store_arg_jsonb(StoreArgs *args, Jsonb *value);
extern void store_arg_texts(StoreArgs *args, char *const *values, int n); /* n < 0: NULL */
extern void store_arg_uuids(StoreArgs *args, const pg_uuid_t *values, int n); /* n = 0: NULL */

/* runs it, calls reader (may be NULL) for each row, returns the number of rows */
extern uint64 store_run(StoreQuery *query, const StoreArgs *args, StoreReader reader, void *arg);

/* runs a row query; the row, palloc'd, or NULL: there is none, or more than one */
extern void *store_find(StoreQuery *query, const StoreArgs *args);

/* the columns that the reader of a row query takes, at most STORE_COLUMNS_MAX; how many */
extern int store_columns(const StoreQuery *query, const char **names);

/*
 * Has the row that was found been changed, by a row operation and as the statement would
 * have?  false: nothing has happened, run the statement.  found may be NULL.
 */
extern bool store_update_found(StoreQuery *query, const StoreArgs *args, const StoreFound *found);

/* memory of the plans that are kept, in bytes; there is at most one for each StoreQuery, and of what row operations keep */
extern Size store_plans_size(void);

/*
 * Unless pgtoken.durable_rotation is off, this transaction waits for its commit
 * record to be on disk, and with the synchronous standbys that there are, whatever
 * synchronous_commit says: a rotation or revocation that was answered must survive a
 * crash, and the primary's end.
 */
extern void store_make_durable(void);

/* readers of one row with one column, which is not NULL */
extern void store_read_int(StoreRow *row, void *out);
extern void store_read_time(StoreRow *row, void *out);

/* gives the next column a name */
extern void store_list(StoreRow *row, const char *name);
static inline StoreRow *
store_column(StoreRow *row, const char *name)
{
	if (unlikely(row->names))
		store_list(row, name);
	return row;
}

/*
 * Getters take the next column, in the order of the query's list; NULL becomes
 * NULL, 0, false, DT_NOBEGIN or -1 as each says.
 */
extern bool store_given(StoreRow *row); /* not NULL, whatever it is */
extern char *store_text(StoreRow *row);
extern bool store_bytes(StoreRow *row, void *out,
						size_t len); /* false: NULL; elog when of another length */
extern bytea *store_bytea(StoreRow *row);
extern int32 store_int(StoreRow *row, int32 if_null);
extern int64 store_long(StoreRow *row, int64 if_null);
extern void store_begun(StoreRow *row, Begun *begun); /* its epochs, named */
extern Lifetime store_lifetime(StoreRow *row);
extern void store_epochs(StoreRow *row, Epochs *epochs); /* EPOCH_COLUMNS */
extern int32 store_seconds(StoreRow *row,
						   int32 if_null); /* of an interval, as lifetime_of_interval */
extern bool store_bool(StoreRow *row);
extern TimestampTz store_time(StoreRow *row, TimestampTz if_null);
extern int store_name(StoreRow *row, StringsNth names); /* elog when it is none of them */
extern Jsonb *store_jsonb(StoreRow *row);
extern char **store_texts(StoreRow *row, int *n); /* n = -1: NULL */
extern bool store_uuid_optional(StoreRow *row, pg_uuid_t *out); /* false: NULL */
extern void store_uuid(StoreRow *row, pg_uuid_t *out);
extern pg_uuid_t *store_uuids(StoreRow *row, int *n); /* n = -1: NULL */

#endif /* PGT_STORE_H */
