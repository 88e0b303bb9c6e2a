/*
 * library.c
 *		Whether the library that a session has loaded goes with its database.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/catalogue.h"

PG_FUNCTION_INFO_V1(pgt_library_state);

Datum
pgt_library_state(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {
		[CATALOGUE_CURRENT] = "current",		 [CATALOGUE_BEHIND] = "extension_behind",
		[CATALOGUE_AHEAD] = "library_behind",	 [CATALOGUE_TOO_OLD] = "extension_too_old",
		[CATALOGUE_TOO_NEW] = "library_too_old",
	};
	const char *version = catalogue_version();

	if (version == NULL)
		PG_RETURN_NULL();
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(names[catalogue_fit(version)]));
}
