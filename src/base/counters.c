/*
 * counters.c
 *		What is counted of each database, since the server was started.
 *
 * A database takes the first set that is nobody's, and keeps it: one that is dropped
 * keeps its set until the server is started anew.
 */
#include "base/counters.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"

#include "base/shared_memory.h"

Counters *counters_own = NULL;
bool counters_sought = false;

static const int statuses[] = {0,	200, 201, 202, 204, 302, 303, 304, 308, 400, 401,
							   403, 404, 405, 409, 413, 415, 422, 429, 500, 503};

static const struct
{
	uint64 microseconds;
	const char *seconds; /* as OpenMetrics writes numbers, so that both forms have one series */
} bounds[COUNTER_BUCKETS - 1] = {
	{500, "0.0005"},  {1000, "0.001"},	{2500, "0.0025"}, {5000, "0.005"},	{10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"},	{100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
	{1000000, "1.0"}, {2500000, "2.5"}, {5000000, "5.0"},
};

StaticAssertDecl(lengthof(statuses) <= COUNTER_STATUSES, "every status has its place");
StaticAssertDecl((int) PGT_ERR_SERVER < COUNTER_REASONS, "every reason has its place");

/* of each PgtErr the place of its error among the names; several reasons share one */
static uint8 error_places[COUNTER_REASONS];
static const char *error_names[COUNTER_ERRORS]; /* the first one stands for none */
static int n_errors = 0;

static int
place_of_name(const char *name)
{
	int place = 1;

	if (name == NULL)
		return 0;
	while (place < n_errors && strcmp(error_names[place], name) != 0)
		place++;
	if (place == COUNTER_ERRORS)
		elog(ERROR, "there are more than %d names of errors", COUNTER_ERRORS);
	error_names[place] = name;
	n_errors = Max(n_errors, place + 1);
	return place;
}

static void
find_names(void)
{
	if (n_errors > 0)
		return;
	n_errors = 1;
	for (int err = 0; err < errors_number(); err++)
		error_places[err] = place_of_name(errors_info((PgtErr) err)->error);
}

static void
make_zero(pg_atomic_uint64 *first, int n)
{
	for (int i = 0; i < n; i++)
		pg_atomic_init_u64(&first[i], 0);
}

void
counters_make_empty(Counters sets[COUNTER_DATABASES])
{
	for (int i = 0; i < COUNTER_DATABASES; i++)
	{
		Counters *set = &sets[i];

		pg_atomic_init_u32(&set->database, InvalidOid);
		make_zero(set->simple, COUNTER_SIMPLE);
		make_zero(set->reason, COUNTER_REASONS);
		for (int e = 0; e < COUNTER_ENDPOINTS; e++)
		{
			make_zero(set->endpoint[e].status, COUNTER_STATUSES);
			make_zero(set->endpoint[e].error, COUNTER_ERRORS);
			make_zero(set->endpoint[e].bucket, COUNTER_BUCKETS);
			make_zero(&set->endpoint[e].microseconds, 1);
		}
	}
}

/* is it this database's by now? */
static bool
is_ours(Counters *set)
{
	uint32 database = InvalidOid;

	return pg_atomic_compare_exchange_u32(&set->database, &database, MyDatabaseId) ||
		   database == MyDatabaseId;
}

Counters *
counters_attach(void)
{
	SharedMemory *shared;

	/* to make a segment takes a subtransaction, which a parallel query must not have */
	if (!OidIsValid(MyDatabaseId) || IsInParallelMode() || !IsTransactionState())
		return NULL;
	shared = shared_memory();
	for (int i = 0; shared && counters_own == NULL && i < COUNTER_DATABASES; i++)
	{
		if (is_ours(&shared->counters[i]))
			counters_own = &shared->counters[i];
	}
	find_names();
	counters_sought = true;
	return counters_own;
}

void
counters_add_refusal(PgtErr err)
{
	Counters *own = counters();

	if (own)
		pg_atomic_fetch_add_u64(&own->reason[err], 1);
}

static int
place_of_status(int status)
{
	for (size_t i = 1; i < lengthof(statuses); i++)
	{
		if (statuses[i] == status)
			return (int) i;
	}
	return 0;
}

static int
bucket_of(uint64 microseconds)
{
	int bucket = 0;

	while (bucket < COUNTER_BUCKETS - 1 && microseconds > bounds[bucket].microseconds)
		bucket++;
	return bucket;
}

void
counters_add_answer(int endpoint, int status, PgtErr err, uint64 microseconds)
{
	Counters *own = counters();
	EndpointCounters *at;

	if (own == NULL)
		return;
	at = &own->endpoint[endpoint];
	pg_atomic_fetch_add_u64(&at->status[place_of_status(status)], 1);
	if (error_places[err] > 0)
		pg_atomic_fetch_add_u64(&at->error[error_places[err]], 1);
	pg_atomic_fetch_add_u64(&at->bucket[bucket_of(microseconds)], 1);
	pg_atomic_fetch_add_u64(&at->microseconds, (int64) microseconds);
}

int
counters_status(int place)
{
	return place < (int) lengthof(statuses) ? statuses[place] : 0;
}

const char *
counters_error(int place)
{
	find_names();
	return place > 0 && place < n_errors ? error_names[place] : NULL;
}

const char *
counters_bound(int bucket)
{
	return bucket < COUNTER_BUCKETS - 1 ? bounds[bucket].seconds : NULL;
}
