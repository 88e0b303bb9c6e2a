/*
 * maintenance.c
 *		What maintenance cannot say in SQL.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "fmgr.h"

#include "tables/audit.h"

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
		audit_enter(&(AuditScope){.purging = true});
	else if (audit_scope()->purging)
		audit_leave();
	PG_RETURN_VOID();
}
