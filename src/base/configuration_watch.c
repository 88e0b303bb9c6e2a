/*
 * configuration_watch.c
 *		The process of a subscriber that finds out how old its configuration is.
 *
 * It notes the time, asks the primary how far its WAL reaches, and waits until the
 * subscription has come so far: what was committed at that time is here then.  A worker that
 * is down, blocked or fails again and again, a primary that is away, a slot that is gone:
 * none of them lets it come so far, and the time stays what it was.  The time is this
 * server's, so clocks that differ do not count.
 *
 * A primary that has less than was applied here was put back to an earlier time, by a
 * snapshot of its disk, say, slots included.  What it commits until it has as much again
 * would be taken for something that is here already, without a word: the subscription ends.
 */
#include "base/configuration_watch.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/configuration.h"
#include "base/guc.h"
#include "base/store.h"
#include "base/upstream.h"

#define PAUSE_MIN 50 /* ms */
#define PAUSE_MAX 10000
#define LOOKS 20 /* at what is applied, in each pause */

static ConfigurationWatch *place = NULL;
static MemoryContext context; /* of the connection */
static Upstream *upstream = NULL;
static Oid subscription = InvalidOid;
static char *conninfo = NULL;

typedef struct Subscription
{
	int32 n;
	Oid oid;
	char *conninfo;
	char *applied; /* up to here; NULL: not known */
} Subscription;

static void
leave(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	pg_atomic_write_u64(&place->current_as_of, 0);
	pg_atomic_write_u32(&place->pid, 0);
}

static void
begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
end(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static void
pause_ms(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* often enough that who is current never comes near the limit */
static long
pause_between(void)
{
	long pause = guc_max_configuration_lag > 0 ? guc_max_configuration_lag / 8 : PAUSE_MAX;

	return Max(PAUSE_MIN, Min(PAUSE_MAX, pause));
}

/* --- the subscription ------------------------------------------------------------------ */

static void
read_subscription(StoreRow *row, void *arg)
{
	Subscription *found = arg;

	found->oid = (Oid) store_long(row, InvalidOid);
	found->conninfo = store_text(row);
	found->applied = store_text(row);
}

static StoreQuery subscription_query = STORE_QUERY(
	"configuration subscription", STORE_READS,
	"SELECT s.oid::pg_catalog.int8, s.subconninfo, o.remote_lsn::pg_catalog.text FROM pg_catalog.pg_subscription s "
	"JOIN pg_catalog.pg_database d ON d.oid" EQ "s.subdbid "
	"LEFT JOIN pg_catalog.pg_replication_origin_status o ON o.external_id" EQ
	"pg_catalog.format('pg_%s', s.oid) "
	"WHERE d.datname" EQ "pg_catalog.current_database() "
	"AND pg_catalog.starts_with(s.subname::pg_catalog.text, '" CONFIGURATION_PUBLICATION "_') "
	"AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid" EQ "s.subowner AND r.rolsuper)");

static void
read_answer(StoreRow *row, void *arg)
{
	*(bool *) arg = store_bool(row);
}

/*
 * Applied is what a keepalive says, since one process applies and reads it, and the last
 * transaction that came, after which an idle primary may be silent for a while.  Of tables that are
 * being copied first nothing is known.
 */
static StoreQuery applied_query = STORE_QUERY(
	"configuration applied", STORE_READS,
	"SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel r WHERE r.srsubid" EQ
	"s.subid AND r.srsubstate OPERATOR(pg_catalog.<>) 'r') FROM pg_catalog.pg_stat_subscription s "
	"LEFT JOIN pg_catalog.pg_replication_origin_status o ON o.external_id" EQ
	"pg_catalog.format('pg_%s', s.subid) "
	"WHERE s.subid" EQ "$2::pg_catalog.oid AND s.relid IS NULL AND s.pid IS NOT NULL "
	"AND GREATEST(s.latest_end_lsn, o.remote_lsn) OPERATOR(pg_catalog.>=) $1::pg_catalog.pg_lsn");

static bool
is_applied(const char *lsn)
{
	StoreArgs args = {0};
	bool applied = false;

	begin();
	store_arg_text(&args, lsn);
	store_arg_long(&args, subscription);
	store_run(&applied_query, &args, read_answer, &applied);
	end();
	return applied;
}

static void
disconnect(void)
{
	if (upstream)
		upstream_close(upstream);
	upstream = NULL;
	MemoryContextReset(context);
	conninfo = NULL;
}

/* another subscription, or another way to the primary, begins anew */
static void
follow(const Subscription *found)
{
	if (found->oid == subscription && conninfo && strcmp(found->conninfo, conninfo) == 0)
		return;
	disconnect();
	if (found->oid != subscription)
	{
		pg_atomic_write_u64(&place->current_as_of, 0);
		subscription = found->oid;
		pg_atomic_write_u32(&place->subscription, subscription);
	}
	conninfo = MemoryContextStrdup(context, found->conninfo);
}

/* --- the primary ------------------------------------------------------------------------ */

/* how far its WAL reaches; NULL: it does not say.  What stands in its way is in its log and ours */
static char *
ask(void)
{
	char *problem = NULL;
	int sqlstate;
	char *answer = NULL;

	if (upstream == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		upstream = upstream_connect(conninfo, &problem);
		MemoryContextSwitchTo(caller);
	}
	if (upstream)
		answer =
			upstream_ask(upstream, "SELECT pg_catalog.pg_current_wal_flush_lsn()::pg_catalog.text",
						 &problem, &sqlstate);
	if (answer == NULL)
		ereport(DEBUG1, (errmsg_internal("the configuration primary does not answer: %s",
										 problem ? problem : "")));
	return answer;
}

static StoreQuery put_back_query = STORE_QUERY(
	"configuration put back", STORE_READS, "SELECT pgtoken.end_subscription($1::pg_catalog.oid)");

/* what was applied here before it was asked is more than the primary has; within a transaction */
static bool
was_put_back(const Subscription *found, const char *lsn)
{
	Datum applied;

	if (found->applied == NULL)
		return false;
	applied = DirectFunctionCall1(pg_lsn_in, CStringGetDatum(found->applied));
	return DatumGetLSN(applied) > DatumGetLSN(DirectFunctionCall1(pg_lsn_in, CStringGetDatum(lsn)));
}

static void
give_up(const Subscription *found, const char *lsn)
{
	static Oid told_of = InvalidOid;
	StoreArgs args = {0};

	ereport(told_of == found->oid ? DEBUG1 : LOG,
			(errmsg("the configuration primary was put back to an earlier time"),
			 errdetail("It is at %s, and %s was applied here: the subscription is switched off.",
					   lsn, found->applied),
			 errhint("SELECT pgtoken.configure_as_alone(); and then "
					 "SELECT pgtoken.configure_as_subscriber(..., replace => true);")));
	told_of = found->oid;
	pg_atomic_write_u64(&place->current_as_of, 0);
	store_arg_long(&args, found->oid);
	store_run(&put_back_query, &args, NULL, NULL);
}

/* one question; false: there is no subscription any more */
static bool
watch(MemoryContext loop)
{
	Subscription found = {0};
	TimestampTz asked_at;
	uint64 asked_at_uptime;
	char *lsn;

	begin();
	store_run(&subscription_query, NULL, read_subscription, &found);
	if (found.conninfo == NULL)
		return false;
	follow(&found);
	asked_at = GetCurrentTimestamp();
	asked_at_uptime = configuration_uptime();
	lsn = ask();
	if (lsn && was_put_back(&found, lsn))
	{
		give_up(&found, lsn);
		lsn = NULL;
	}
	if (lsn)
		lsn = MemoryContextStrdup(loop, lsn);
	end();
	if (lsn == NULL)
		disconnect();
	for (int i = 0; lsn && i < LOOKS; i++)
	{
		if (is_applied(lsn))
		{
			pg_atomic_write_u64(&place->current_at, asked_at_uptime);
			pg_atomic_write_u64(&place->current_as_of, (uint64) asked_at);
			break;
		}
		pause_ms(pause_between() / LOOKS + 1);
	}
	return true;
}

/* false: another process has it */
static bool
take_place(void)
{
	uint32 nobody = 0;

	begin();
	place = configuration_place();
	end();
	if (place == NULL || !pg_atomic_compare_exchange_u32(&place->pid, &nobody, MyProcPid))
		return false;
	before_shmem_exit(leave, (Datum) 0);
	return true;
}

void
configuration_watch_main(Datum database)
{
	MemoryContext loop;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
	if (!take_place())
		proc_exit(0);
	context =
		AllocSetContextCreate(TopMemoryContext, "pgtoken configuration", ALLOCSET_SMALL_SIZES);
	loop = AllocSetContextCreate(TopMemoryContext, "pgtoken configuration question",
								 ALLOCSET_SMALL_SIZES);
	while (watch(loop))
	{
		MemoryContextReset(loop);
		pause_ms(pause_between());
	}
	proc_exit(0);
}
