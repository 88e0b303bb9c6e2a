/*
 * status_list_row.c
 *		Status lists: which there are, what is to be said in them, and what was signed.
 */
#include "tables/status_list_row.h"

#include "base/store.h"

static void
list_args(StoreArgs *args, PgtcStatusList list)
{
	store_arg_long(args, list.series);
	store_arg_int(args, list.number);
}

static void
read_list(StoreRow *row, void *arg)
{
	StatusList *found = arg;

	found->all_ended = store_bool(row);
	found->document = store_text(row);
	found->built_at = store_time(row, DT_NOBEGIN);
	found->kid = store_text(row);
}

static StoreQuery find_query = STORE_QUERY(
	"status list", STORE_READS_LATEST,
	"SELECT l.all_ended, d.document, d.built_at, d.kid FROM pgtoken.status_lists l "
	"LEFT JOIN pgtoken.status_list_documents d ON d.series" EQ "l.series AND d.number" EQ
	"l.number WHERE l.series" EQ "$1 AND l.number" EQ "$2 AND l.issuer" EQ "$3");

bool
status_list_row_find(const char *issuer, PgtcStatusList list, StatusList *found)
{
	StoreArgs args = {0};

	list_args(&args, list);
	store_arg_text(&args, issuer);
	return store_run(&find_query, &args, read_list, found) == 1;
}

static void
read_index(StoreRow *row, void *arg)
{
	pgtc_status_list_end(arg, (uint32_t) store_int(row, 0));
}

static StoreQuery bits_query =
	STORE_QUERY("status list bits", STORE_READS_LATEST,
				"SELECT i.status_index FROM pgtoken.status_list_invalid($1, $2) i (status_index)");

void
status_list_row_bits(PgtcStatusList list, uint8_t bits[PGTC_STATUS_LIST_BYTES])
{
	StoreArgs args = {0};

	list_args(&args, list);
	store_run(&bits_query, &args, read_index, bits);
}

static StoreQuery keep_query = STORE_QUERY(
	"status list keep", STORE_WRITES_LATEST,
	"INSERT INTO pgtoken.status_list_documents (series, number, built_at, kid, document) "
	"VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT status_list_documents_pkey "
	"DO UPDATE SET built_at = EXCLUDED.built_at, kid = EXCLUDED.kid, document = EXCLUDED.document");

void
status_list_row_keep(PgtcStatusList list, const StatusList *built)
{
	StoreArgs args = {0};

	list_args(&args, list);
	store_arg_time(&args, built->built_at);
	store_arg_text(&args, built->kid);
	store_arg_text(&args, built->document);
	store_run(&keep_query, &args, NULL, NULL);
}
