/*
 * next.c
 *		What the library of the version that test/upgrade/next makes has beyond this
 *		one: a function that reads a column which the objects before have not.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/cache.h"
#include "base/catalogue.h"
#include "base/store.h"

PG_FUNCTION_INFO_V1(pgt_next_function);

typedef struct NextRow
{
	char *client_id;
	char *next_column;
} NextRow;

static void
read_next_row(StoreRow *row, void *out)
{
	NextRow *next = out;

	next->client_id = store_text(store_column(row, "client_id"));
	next->next_column =
		catalogue_has(NEXT_VERSION) ? store_text(store_column(row, "next_column")) : "none";
}

#define NEXT_ROW "SELECT {columns} FROM pgtoken.grants WHERE grant_id" EQ "$1"

/* by a row operation, and by a plan that is kept */
static StoreQuery next_query =
	STORE_HOT_READ("next_row", read_next_row, NextRow, "grants", "grant_id", NEXT_ROW);
static StoreQuery next_planned =
	STORE_ROW_QUERY("next_planned", STORE_READS, read_next_row, NextRow, NEXT_ROW);

Datum
pgt_next_function(PG_FUNCTION_ARGS)
{
	StoreArgs args = {0};
	const NextRow *row;
	const NextRow *planned;

	cache_begin();
	store_arg_uuid(&args, PG_GETARG_UUID_P(0));
	row = store_find(&next_query, &args);
	planned = store_find(&next_planned, &args);
	if (row == NULL || planned == NULL)
		PG_RETURN_NULL();
	if (row->next_column && strcmp(row->next_column, planned->next_column) != 0)
		elog(ERROR, "two ways to read a row differ");
	PG_RETURN_TEXT_P(cstring_to_text(
		psprintf("%s: %s", row->client_id, row->next_column ? row->next_column : "nothing")));
}
