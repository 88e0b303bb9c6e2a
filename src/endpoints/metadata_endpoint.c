/*
 * metadata_endpoint.c
 *		Use cases: the service's metadata, that of an API, and the public keys.
 *
 * They are made in SQL from what is configured now, and may be kept for a while.
 */
#include "endpoints/metadata_endpoint.h"

#include "base/object.h"
#include "base/store.h"
#include "http/resource_metadata.h"
#include "tables/resource.h"

typedef struct Document
{
	char *text;
	int max_age;
} Document;

static void
read_document(StoreRow *row, void *arg)
{
	Document *document = arg;

	document->text = store_text(row);
	document->max_age = store_int(row, 0);
}

static char *
answer(HttpExchange *x, StoreQuery *query, const StoreArgs *args)
{
	Document document = {NULL, 0};

	store_run(query, args, read_document, &document);
	x->max_age = document.max_age;
	return document.text;
}

/* short enough that a key which was retired in haste is soon forgotten */
static StoreQuery metadata_query = STORE_QUERY(
	"metadata", STORE_READS, "SELECT pgtoken.server_metadata($1, $2)::pg_catalog.text, 300");

char *
metadata_endpoint(HttpExchange *x)
{
	StoreArgs args = {0};

	store_arg_text(&args, x->issuer->issuer);
	store_arg_bool(&args, x->request->peer.certificates);
	return answer(x, &metadata_query, &args);
}

/* half of the time that a key is published before it signs: then everybody has it by then */
static StoreQuery keys_query = STORE_QUERY(
	"public keys", STORE_READS,
	"SELECT pgtoken.jwks($1)::pg_catalog.text, LEAST(300, pg_catalog.date_part('epoch', "
	"pg_catalog.current_setting('pgtoken.signing_key_lead_time')::pg_catalog.interval)::"
	"pg_catalog.int4 OPERATOR(pg_catalog./) 2)");

char *
metadata_endpoint_keys(HttpExchange *x)
{
	StoreArgs args = {0};

	store_arg_text(&args, x->issuer->issuer);
	return answer(x, &keys_query, &args);
}

static StoreQuery resource_query =
	STORE_QUERY("resource metadata", STORE_READS,
				"SELECT pgtoken.resource_metadata($1, $2, $3)::pg_catalog.text, 300");

char *
metadata_endpoint_resource(HttpExchange *x)
{
	char *named = http_param(x, "resource");
	const char *resource = NULL;
	StoreArgs args = {0};

	if (x->form_err != PGT_OK)
		return object_text(http_error(x, x->form_err));
	if (resource_metadata_is_place(x->request->path))
		resource = resource_metadata_resource(x->issuer, x->request);
	else if (named)
		resource = resource_name(x->issuer->issuer, named);
	if (resource == NULL)
		return object_text(http_error(x, PGT_ERR_NOT_FOUND));
	store_arg_text(&args, resource);
	store_arg_text(&args, x->issuer->issuer);
	store_arg_bool(&args, x->request->peer.certificates);
	return answer(x, &resource_query, &args);
}
