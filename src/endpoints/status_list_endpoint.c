/*
 * status_list_endpoint.c
 *		Use cases: a status list, and where all of them are (Token Status List
 *		sections 8 and 9).
 *
 * Anybody may read them: a list says of its tokens whether they are refused and nothing
 * of whose they are.
 */
#include "endpoints/status_list_endpoint.h"

#include "base/guc.h"
#include "base/object.h"
#include "base/store.h"
#include "tokens/status_list_token.h"

#define STATUS_LIST_MEDIA_TYPE "application/statuslist+jwt"

char *
status_list_endpoint(HttpExchange *x)
{
	PgtcStatusList list;
	char *token = NULL;
	int max_age = 0;

	if (pgtc_status_list_parse(pgtc_slice_str(x->name), &list) == PGTC_OK)
		token = status_list_token(x->issuer, list, &max_age);
	if (token == NULL)
		return object_text(http_error(x, PGT_ERR_NOT_FOUND));
	x->content_type = STATUS_LIST_MEDIA_TYPE;
	x->max_age = max_age;
	return token;
}

static void
read_text(StoreRow *row, void *arg)
{
	*(char **) arg = store_text(row);
}

static StoreQuery aggregation_query =
	STORE_QUERY("status list aggregation", STORE_READS,
				"SELECT pgtoken.status_list_aggregation($1)::pg_catalog.text");

char *
status_list_endpoint_all(HttpExchange *x)
{
	StoreArgs args = {0};
	char *document = NULL;

	store_arg_text(&args, x->issuer->issuer);
	store_run(&aggregation_query, &args, read_text, &document);
	if (document == NULL)
		return object_text(http_error(x, PGT_ERR_NOT_FOUND));
	x->max_age = guc_status_list_ttl;
	return document;
}
