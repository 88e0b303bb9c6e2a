/*
 * configuration.c
 *		Where this database has its configuration from, and how old that may be.
 */
#include "base/configuration.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_subscription.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/guc.h"
#include "base/moment.h"
#include "base/shared_memory.h"
#include "base/store.h"

#define LIBRARY "pgtoken"
#define LAUNCH_PAUSE (5 * USECS_PER_SEC) /* before another process is started */
#define FIRST_WORD_MAX \
	(3 * USECS_PER_SEC) /* what a request waits for, of a process that was started just now */

static const char *const role_names[] = {"alone", "primary", "subscriber"};

static bool role_known = false;
static ConfigurationRole role;
static Oid subscription; /* of a subscriber */
static ConfigurationWatch *own_place = NULL;

/* --- which role it has ------------------------------------------------------------- */

static void
forget_role(Datum arg pg_attribute_unused(), int cacheid pg_attribute_unused(),
			uint32 hash pg_attribute_unused())
{
	role_known = false;
}

static Oid
find_subscription(void)
{
	Relation subscriptions = table_open(SubscriptionRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple;
	ScanKeyData key;
	Oid found = InvalidOid;

	ScanKeyInit(&key, Anum_pg_subscription_subdbid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(MyDatabaseId));
	scan = systable_beginscan(subscriptions, SubscriptionNameIndexId, true, NULL, 1, &key);
	while (!OidIsValid(found) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_subscription row = (Form_pg_subscription) GETSTRUCT(tuple);

		/* from PostgreSQL 16 on others may make one, of any name */
		if (strncmp(NameStr(row->subname), CONFIGURATION_PUBLICATION "_",
					strlen(CONFIGURATION_PUBLICATION "_")) == 0 &&
			superuser_arg(row->subowner))
			found = row->oid;
	}
	systable_endscan(scan);
	table_close(subscriptions, AccessShareLock);
	return found;
}

ConfigurationRole
configuration_role(void)
{
	static bool listens = false;

	if (role_known)
		return role;
	if (!listens)
	{
		CacheRegisterSyscacheCallback(SUBSCRIPTIONOID, forget_role, (Datum) 0);
		CacheRegisterSyscacheCallback(PUBLICATIONOID, forget_role, (Datum) 0);
		listens = true;
	}
	/* before it is looked for: what comes meanwhile has it looked for again */
	role_known = true;
	PG_TRY();
	{
		subscription = find_subscription();
		role = OidIsValid(subscription) ? CONFIGURATION_SUBSCRIBER
			   : SearchSysCacheExists1(PUBLICATIONNAME, CStringGetDatum(CONFIGURATION_PUBLICATION))
				   ? CONFIGURATION_PRIMARY
				   : CONFIGURATION_ALONE;
	}
	PG_CATCH();
	{
		role_known = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	return role;
}

const char *
configuration_role_name(ConfigurationRole named)
{
	return role_names[named];
}

bool
configuration_is_elsewhere(void)
{
	return configuration_role() == CONFIGURATION_SUBSCRIBER;
}

static void
read_text(StoreRow *row, void *out)
{
	*(char **) out = store_text(row);
}

static StoreQuery source_query = STORE_QUERY(
	"configuration source", STORE_READS,
	"SELECT pg_catalog.obj_description(s.oid, 'pg_subscription') "
	"FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid" EQ "s.subdbid "
	"WHERE d.datname" EQ "pg_catalog.current_database() "
	"AND pg_catalog.starts_with(s.subname::pg_catalog.text, '" CONFIGURATION_PUBLICATION "_') "
	"AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid" EQ "s.subowner AND r.rolsuper)");

void
configuration_refuse_write(void)
{
	char *source = NULL;

	store_run(&source_query, NULL, read_text, &source);
	ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
					errmsg("this database has its configuration from another one"),
					errdetail("What would be changed here would be undone, or end replication."),
					source ? errhint("Change it at the configuration primary: %s.", source)
						   : errhint("Change it at the configuration primary.")));
}

/* --- how old what it has may be ------------------------------------------------------ */

void
configuration_make_empty(ConfigurationWatch watches[CONFIGURATION_WATCHES])
{
	for (int i = 0; i < CONFIGURATION_WATCHES; i++)
	{
		pg_atomic_init_u32(&watches[i].database, InvalidOid);
		pg_atomic_init_u32(&watches[i].pid, 0);
		pg_atomic_init_u64(&watches[i].launched_at, 0);
		pg_atomic_init_u32(&watches[i].subscription, InvalidOid);
		pg_atomic_init_u64(&watches[i].current_as_of, 0);
		pg_atomic_init_u64(&watches[i].current_at, 0);
	}
}

bool
configuration_can_watch(void)
{
	return shared_memory() != NULL;
}

/* is it this database's by now? */
static bool
is_ours(ConfigurationWatch *watch)
{
	uint32 database = InvalidOid;

	return pg_atomic_compare_exchange_u32(&watch->database, &database, MyDatabaseId) ||
		   database == MyDatabaseId;
}

ConfigurationWatch *
configuration_place(void)
{
	SharedMemory *shared;

	/* to make a segment takes a subtransaction, which a parallel query must not have */
	if (own_place || IsInParallelMode() || !IsTransactionState())
		return own_place;
	shared = shared_memory();
	for (int i = 0; shared && own_place == NULL && i < CONFIGURATION_WATCHES; i++)
	{
		if (is_ours(&shared->watches[i]))
			own_place = &shared->watches[i];
	}
	return own_place;
}

/* by one session at a time, and not again at once where none can be started */
static void
launch(ConfigurationWatch *watch)
{
	uint64 before = pg_atomic_read_u64(&watch->launched_at);
	uint64 now = (uint64) GetCurrentTimestamp();
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	if (pg_atomic_read_u32(&watch->pid) != 0 || now - before < LAUNCH_PAUSE ||
		!pg_atomic_compare_exchange_u64(&watch->launched_at, &before, now))
		return;
	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "pgtoken configuration of database %u",
			 MyDatabaseId);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "pgtoken configuration");
	snprintf(worker.bgw_library_name, sizeof(worker.bgw_library_name), LIBRARY);
	snprintf(worker.bgw_function_name, sizeof(worker.bgw_function_name),
			 "configuration_watch_main");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
#ifdef BGWORKER_INTERRUPTIBLE
	/* ALTER and DROP DATABASE may end it */
	worker.bgw_flags |= BGWORKER_INTERRUPTIBLE;
#endif
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	if (RegisterDynamicBackgroundWorker(&worker, &handle))
		pfree(handle);
	else
		ereport(LOG_SERVER_ONLY,
				(errmsg("pgtoken cannot ask the configuration primary how far it is"),
				 errdetail("max_worker_processes is used up, raise it.")));
}

static TimestampTz
current_as_of(ConfigurationWatch *watch)
{
	return pg_atomic_read_u32(&watch->subscription) == subscription
			   ? (TimestampTz) pg_atomic_read_u64(&watch->current_as_of)
			   : 0;
}

uint64
configuration_uptime(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return INSTR_TIME_GET_MICROSEC(now);
}

/*
 * By the clock, which goes on while a machine is suspended, and by the uptime, since a clock
 * that was put back must make nothing young.  The longer one is it.
 */
static int64
age_ms(ConfigurationWatch *watch)
{
	TimestampTz as_of = current_as_of(watch);
	int64 by_clock;
	int64 by_uptime;

	if (as_of == 0)
		return PG_INT64_MAX;
	by_clock = GetCurrentTimestamp() - as_of;
	by_uptime = (int64) (configuration_uptime() - pg_atomic_read_u64(&watch->current_at));
	return Max(0, Max(by_clock, by_uptime)) / USECS_PER_MSEC;
}

/* after a start of the server the first requests wait a moment, instead of being refused */
static void
await_first_word(ConfigurationWatch *watch)
{
	while (current_as_of(watch) == 0 &&
		   (uint64) GetCurrentTimestamp() - pg_atomic_read_u64(&watch->launched_at) <
			   FIRST_WORD_MAX)
	{
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

int64
configuration_lag_ms(void)
{
	ConfigurationWatch *watch;
	int64 age;

	if (!configuration_is_elsewhere() || RecoveryInProgress())
		return -1;
	watch = configuration_place();
	if (watch == NULL)
		return -1;
	launch(watch);
	age = age_ms(watch);
	return age == PG_INT64_MAX ? -1 : age;
}

bool
configuration_is_stale(void)
{
	ConfigurationWatch *watch;

	if (guc_max_configuration_lag == 0 || !configuration_is_elsewhere() || RecoveryInProgress())
		return false;
	watch = configuration_place();
	if (watch == NULL)
		return true;
	if (age_ms(watch) <= guc_max_configuration_lag / 2)
		return false;
	launch(watch);
	if (current_as_of(watch) == 0)
		await_first_word(watch);
	return age_ms(watch) > guc_max_configuration_lag;
}

PgtErr
configuration_check_fresh(void)
{
	return configuration_is_stale() ? PGT_ERR_STALE_CONFIGURATION : PGT_OK;
}
