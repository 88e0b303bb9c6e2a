/*
 * maintenance.c
 *		What maintenance cannot say in SQL.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/configuration.h"
#include "base/moment.h"
#include "base/replay_lag.h"
#include "tables/audit.h"

PG_FUNCTION_INFO_V1(pgt_configuration_lag);
PG_FUNCTION_INFO_V1(pgt_replay_lag);
PG_FUNCTION_INFO_V1(pgt_standby_answers);
PG_FUNCTION_INFO_V1(pgt_in_transaction_block);
PG_FUNCTION_INFO_V1(pgt_purging);

Datum
pgt_in_transaction_block(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(IsTransactionBlock());
}

/* an abort in between takes the scope back, as any other */
Datum
pgt_purging(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_BOOL(0))
		audit_enter(&(AuditScope){.purging = true, .forgetting = PG_GETARG_BOOL(1)});
	else if (audit_scope()->purging)
		audit_leave();
	PG_RETURN_VOID();
}

/* interval; NULL where there is none */
static Datum
interval_of_ms(FunctionCallInfo fcinfo, int64 ms)
{
	Interval *lag;

	if (ms < 0)
		PG_RETURN_NULL();
	lag = palloc0(sizeof(Interval));
	lag->time = ms * USECS_PER_MSEC;
	PG_RETURN_INTERVAL_P(lag);
}

Datum
pgt_replay_lag(PG_FUNCTION_ARGS)
{
	return interval_of_ms(fcinfo, replay_lag_ms());
}

Datum
pgt_configuration_lag(PG_FUNCTION_ARGS)
{
	return interval_of_ms(fcinfo, configuration_lag_ms());
}

/* true, or no return */
Datum
pgt_standby_answers(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	replay_lag_check();
	PG_RETURN_BOOL(true);
}
