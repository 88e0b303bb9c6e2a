/*
 * module.c
 *		Module magic and start-up of pgtoken_fastcgi, a module of its own.
 *
 * It listens when the server loads it (shared_preload_libraries) and a setting
 * names a database.  Loaded by a session it has the functions of the views alone.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "fastcgi/launcher.h"
#include "fastcgi/listener.h"
#include "fastcgi/settings.h"
#include "fastcgi/shared.h"

PGT_MODULE_MAGIC("pgtoken_fastcgi");

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	settings_init();
	/* neither a server of a single user nor one that is being upgraded answers anybody */
	if (!IsPostmasterEnvironment || IsBinaryUpgrade)
		return;
	listener_open();
	if (listener_count == 0)
		return;
	shared_init();
	launcher_register();
}
