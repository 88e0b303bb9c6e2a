/*
 * status.c
 *		The functions behind the views: what the workers of this database do and have
 *		done.  No rows where the server does not listen.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "commands/dbcommands.h" /* and from 19 on utils/lsyscache.h */

#include "fastcgi/listener.h"
#include "fastcgi/settings.h"
#include "fastcgi/shared.h"

PG_FUNCTION_INFO_V1(pgt_fastcgi_services);
PG_FUNCTION_INFO_V1(pgt_fastcgi_requests);
PG_FUNCTION_INFO_V1(pgt_fastcgi_latencies);

/* is the service one of this database? */
static bool
is_ours(int service)
{
	static char *database = NULL;

	if (database == NULL)
		database = MemoryContextStrdup(TopMemoryContext, get_database_name(MyDatabaseId));
	return strcmp(listener_of[service].database, database) == 0;
}

static void
put(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* how many workers have connected, and how many of these are answering */
static void
count_workers(SharedState *shared, int service, int *connected, int *busy)
{
	*connected = *busy = 0;
	for (int i = service * settings_workers; i < (service + 1) * settings_workers; i++)
	{
		if (shared->worker[i].state != SHARED_CONNECTED)
			continue;
		(*connected)++;
		*busy += shared->worker[i].busy;
	}
}

static void
put_service(FunctionCallInfo fcinfo, SharedState *shared, int service)
{
	Datum values[6 + SHARED_COUNTERS];
	bool nulls[6 + SHARED_COUNTERS] = {false};
	int connected, busy;
	int queue = listener_queue(&listener_of[service]);
	char *problem;

	LWLockAcquire(&shared->lock, LW_SHARED);
	count_workers(shared, service, &connected, &busy);
	problem = pstrdup(shared->service[service].problem);
	LWLockRelease(&shared->lock);
	values[0] = CStringGetTextDatum(listener_of[service].address);
	values[1] = Int32GetDatum(settings_workers);
	values[2] = Int32GetDatum(connected);
	values[3] = Int32GetDatum(busy);
	values[4] = Int32GetDatum(queue);
	nulls[4] = queue < 0;
	values[5] = CStringGetTextDatum(problem);
	nulls[5] = problem[0] == '\0';
	for (int i = 0; i < SHARED_COUNTERS; i++)
		values[6 + i] =
			Int64GetDatum((int64) pg_atomic_read_u64(&shared->service[service].counter[i]));
	put(fcinfo, values, nulls);
}

Datum
pgt_fastcgi_services(PG_FUNCTION_ARGS)
{
	SharedState *shared = shared_state();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; shared != NULL && i < listener_count; i++)
	{
		if (is_ours(i))
			put_service(fcinfo, shared, i);
	}
	return (Datum) 0;
}

Datum
pgt_fastcgi_requests(PG_FUNCTION_ARGS)
{
	SharedState *shared = shared_state();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; shared != NULL && i < SHARED_PATHS; i++)
	{
		SharedPath *entry = &shared->path[i];
		bool nulls[4] = {false};
		Datum values[4];

		if (pg_atomic_read_u32(&entry->used) == 0)
			continue;
		pg_read_barrier();
		if (!is_ours(entry->service))
			continue;
		values[0] = CStringGetTextDatum(listener_of[entry->service].address);
		values[1] = CStringGetTextDatum(entry->path);
		nulls[1] = entry->path[0] == '\0';
		values[2] = Int32GetDatum(entry->status);
		values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&entry->requests));
		put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

Datum
pgt_fastcgi_latencies(PG_FUNCTION_ARGS)
{
	SharedState *shared = shared_state();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; shared != NULL && i < listener_count * SHARED_BUCKETS; i++)
	{
		int service = i / SHARED_BUCKETS;
		int bucket = i % SHARED_BUCKETS;
		bool nulls[3] = {false};
		Datum values[3];

		if (!is_ours(service))
			continue;
		values[0] = CStringGetTextDatum(listener_of[service].address);
		values[1] = Float8GetDatum((double) shared_bucket_end(bucket) / 1000);
		nulls[1] = bucket == SHARED_BUCKETS - 1;
		values[2] =
			Int64GetDatum((int64) pg_atomic_read_u64(&shared->service[service].bucket[bucket]));
		put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}
