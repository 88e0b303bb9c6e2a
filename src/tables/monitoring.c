/*
 * monitoring.c
 *		What the service says of itself (76_metrics.sql).
 */
#include "tables/monitoring.h"

#include "base/store.h"

static void
read_jsonb(StoreRow *row, void *arg)
{
	*(Jsonb **) arg = store_jsonb(row);
}

static void
read_text(StoreRow *row, void *arg)
{
	*(char **) arg = store_text(row);
}

static StoreQuery readiness_query =
	STORE_QUERY("readiness", STORE_READS, "SELECT pgtoken.readiness($1, $2)");

Jsonb *
monitoring_readiness(const char *issuer, bool stale)
{
	StoreArgs args = {0};
	Jsonb *readiness = NULL;

	store_arg_text(&args, issuer);
	store_arg_bool(&args, stale);
	store_run(&readiness_query, &args, read_jsonb, &readiness);
	return readiness;
}

static StoreQuery metrics_query =
	STORE_QUERY("metrics", STORE_READS, "SELECT pgtoken.metrics_text($1)");

char *
monitoring_metrics(bool openmetrics)
{
	StoreArgs args = {0};
	char *text = NULL;

	store_arg_bool(&args, openmetrics);
	store_run(&metrics_query, &args, read_text, &text);
	return text;
}

static StoreQuery registered_query =
	STORE_QUERY("registration of a client", STORE_READS,
				"SELECT FROM pgtoken.registrations r WHERE r.client_id" EQ "$1");

bool
monitoring_is_registered(const char *client_id)
{
	StoreArgs args = {0};

	store_arg_text(&args, client_id);
	return store_run(&registered_query, &args, NULL, NULL) > 0;
}
