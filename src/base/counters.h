/*
 * counters.h
 *		What is counted of each database, since the server was started.
 *
 * In shared memory where there is any (base/shared_memory.h), nowhere otherwise: to count
 * is one look at a pointer and one atomic addition.  What is counted stays counted when
 * its transaction is rolled back.  What labels there are is bounded here: nothing that a
 * request says becomes one.
 */
#ifndef PGT_COUNTERS_H
#define PGT_COUNTERS_H

#include "base/compat.h"

#include "port/atomics.h"
#include "storage/lwlock.h"

#include "base/errors.h"

#define COUNTER_DATABASES 8 /* of a server; those that come later are not counted */
#define COUNTER_REASONS 256 /* of a refusal: PgtErr */
#define COUNTER_ENDPOINTS 56
#define COUNTER_STATUSES 24
#define COUNTER_ERRORS 64 /* names that errors have in answers */
#define COUNTER_BUCKETS 14 /* the last one without a bound */
#define COUNTER_GRANT_TYPES 16

/* a name of each is in sql/metrics.c */
typedef enum Counter
{
	/* as Decision: allow, require, deny */
	COUNT_ISSUE_DECISIONS,
	COUNT_REFRESH_DECISIONS = COUNT_ISSUE_DECISIONS + 3,
	COUNT_RETRIES = COUNT_REFRESH_DECISIONS + 3,
	COUNT_SIGN_INS,
	COUNT_ISSUED, /* by grant type, the last place is for what is none */
	COUNT_TOKEN_HITS = COUNT_ISSUED + COUNTER_GRANT_TYPES,
	COUNT_TOKEN_MISSES,
	COUNT_CLIENT_HITS,
	COUNT_CLIENT_MISSES,
	COUNT_CONFIG_RESETS,
	COUNT_REVOCATION_RESETS,
	COUNT_RING,
	COUNTER_SIMPLE /* how many */
} Counter;

typedef struct EndpointCounters
{
	pg_atomic_uint64 status[COUNTER_STATUSES];
	pg_atomic_uint64 error[COUNTER_ERRORS];
	pg_atomic_uint64 bucket[COUNTER_BUCKETS];
	pg_atomic_uint64 microseconds; /* of all answers together */
} EndpointCounters;

typedef struct Counters
{
	pg_atomic_uint32 database; /* whose they are; InvalidOid: nobody's yet */
	pg_atomic_uint64 simple[COUNTER_SIMPLE];
	pg_atomic_uint64 reason[COUNTER_REASONS];
	EndpointCounters endpoint[COUNTER_ENDPOINTS];
} Counters;

extern void counters_make_empty(Counters counters[COUNTER_DATABASES]);

/* this database's; NULL: there is no shared memory, or no room for one more database */
extern Counters *counters_attach(void);

extern Counters *counters_own;
extern bool counters_sought;

static inline Counters *
counters(void)
{
	return likely(counters_sought) ? counters_own : counters_attach();
}

static inline void
counters_add(int counter)
{
	Counters *own = counters();

	if (likely(own != NULL))
		pg_atomic_fetch_add_u64(&own->simple[counter], 1);
}

extern void counters_add_refusal(PgtErr err);

/* an answer of an endpoint: its status, PGT_OK or the error that it tells, and how long it took */
extern void counters_add_answer(int endpoint, int status, PgtErr err, uint64 microseconds);

/* names of places: 0 is any other status; NULL: no error has this place */
extern int counters_status(int place);
extern const char *counters_error(int place);

/* seconds, as text; NULL: it has none */
extern const char *counters_bound(int bucket);

#endif /* PGT_COUNTERS_H */
