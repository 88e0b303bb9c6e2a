/*
 * pgtoken.c
 *		Module magic and start-up.
 */
#include "base/compat.h"

#include "fmgr.h"

#include "base/cache.h"
#include "base/kept.h"
#include "base/guc.h"
#include "base/libs.h"
#include "base/shared_memory.h"
#include "tables/audit.h"
#include "tables/status_index.h"

PGT_MODULE_MAGIC("pgtoken");

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	guc_refuse_connection_options();
	libs_init();
	guc_init();
	shared_memory_init();
	cache_init();
	kept_init();
	audit_init();
	status_index_init();
}
