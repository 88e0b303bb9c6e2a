/*
 * shared.h
 *		What launcher, workers and views share: one segment.
 *
 * Only where the server has loaded the module and listens.  Like all shared memory
 * it begins empty with each start, crashes included.  Counters are atomic and only
 * grow; the workers' places and what is added to the paths are under the lock.
 */
#ifndef PGT_FASTCGI_SHARED_H
#define PGT_FASTCGI_SHARED_H

#include "base/compat.h"

#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#include "fastcgi/listener.h"

#define SHARED_PATH_MAX 96
#define SHARED_PATHS 1024 /* places for a path and a status */
#define SHARED_BUCKETS 15
#define SHARED_PROBLEM_MAX 256

typedef enum SharedWorkerState
{
	SHARED_FREE,
	SHARED_STARTING, /* asked of the postmaster */
	SHARED_CONNECTED /* a process holds the place until it ends */
} SharedWorkerState;

typedef struct SharedWorker
{
	SharedWorkerState state;
	uint32 generation; /* of who may take the place: a late comer of another one ends */
	pid_t pid;
	bool has_connected; /* since it was asked for */
	bool busy;
	Latch *latch; /* of the process, once it is connected */
	pg_atomic_uint32 waits; /* 1: for its latch, which whoever takes a connection may set */
} SharedWorker;

typedef enum SharedCounter
{
	SHARED_ACCEPTED, /* connections */
	SHARED_ANSWERED, /* requests whose answer the web server has taken */
	SHARED_ABANDONED, /* undone: the web server had gone before the commit */
	SHARED_UNSENT, /* committed, but the web server has not taken the answer */
	SHARED_STALLED, /* connections without a whole request when their time was up */
	SHARED_BROKEN, /* connections that spoke no FastCGI, or ended without a request */
	SHARED_COUNTERS
} SharedCounter;

typedef struct SharedService
{
	char problem[SHARED_PROBLEM_MAX]; /* why there are no workers; under the lock */
	pg_atomic_uint32 watched; /* 1: an idle worker watches the socket, the others rest */
	pg_atomic_uint64 counter[SHARED_COUNTERS];
	pg_atomic_uint64 bucket[SHARED_BUCKETS]; /* requests by the time they took */
} SharedService;

typedef struct SharedPath
{
	pg_atomic_uint32 used; /* 1: what follows is there, and stays */
	int16 service;
	int16 status;
	char path[SHARED_PATH_MAX]; /* empty: all others */
	pg_atomic_uint64 requests;
} SharedPath;

typedef struct SharedState
{
	LWLock lock;
	Latch *launcher; /* NULL: there is none */
	SharedService service[LISTENER_MAX];
	SharedPath path[SHARED_PATHS];
	SharedWorker worker[FLEXIBLE_ARRAY_MEMBER]; /* settings_workers of each service */
} SharedState;

/* in the postmaster */
extern void shared_init(void);

/* NULL: the server does not listen; raises where there is no memory */
extern SharedState *shared_state(void);

extern void shared_count(int service, SharedCounter counter);

/* a request was answered: path is that of its target, or empty */
extern void shared_request(int service, const char *path, int status, uint64 microseconds);

/* the upper end of a bucket, in microseconds; UINT64_MAX for the last */
extern uint64 shared_bucket_end(int bucket);

#endif /* PGT_FASTCGI_SHARED_H */
