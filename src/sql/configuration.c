/*
 * configuration.c
 *		SQL-callable functions of where this database has its configuration from.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "replication/logicalworker.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/configuration.h"
#include "base/strings.h"
#include "base/upstream.h"
#include "sql/argument.h"
#include "tables/key_material.h"

PG_FUNCTION_INFO_V1(pgt_applying);
PG_FUNCTION_INFO_V1(pgt_ask_upstream);
PG_FUNCTION_INFO_V1(pgt_configuration_can_watch);
PG_FUNCTION_INFO_V1(pgt_configuration_role);
PG_FUNCTION_INFO_V1(pgt_configuration_stale);
PG_FUNCTION_INFO_V1(pgt_root_key_ids);
PG_FUNCTION_INFO_V1(pgt_upstream_place);

Datum
pgt_configuration_role(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(configuration_role_name(configuration_role())));
}

Datum
pgt_configuration_stale(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(configuration_is_stale());
}

Datum
pgt_configuration_can_watch(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(configuration_can_watch());
}

Datum
pgt_applying(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(IsLogicalWorker());
}

Datum
pgt_root_key_ids(PG_FUNCTION_ARGS)
{
	char **ids;
	int n = key_material_root_ids(&ids);

	(void) fcinfo;
	PG_RETURN_ARRAYTYPE_P(strings_to_array(ids, n));
}

/* what libpq says never has a password in it */
static Upstream *
connect_to(const char *connection)
{
	char *problem;
	Upstream *upstream = upstream_connect(connection, &problem);

	if (upstream == NULL)
		ereport(ERROR, (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
						errmsg("cannot connect to the configuration primary"),
						errdetail_internal("%s", problem ? problem : "There is no reason."),
						errhint("The role that connects needs LOGIN and REPLICATION, and a line in "
								"pg_hba.conf there.")));
	return upstream;
}

Datum
pgt_upstream_place(PG_FUNCTION_ARGS)
{
	Upstream *upstream = connect_to(argument_text(fcinfo, 0));
	char *place = upstream_place(upstream);
	bool is_safe = upstream_is_safe(upstream);

	upstream_close(upstream);
	if (!is_safe)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the connection to the configuration primary is not protected"),
				 errdetail("Keys come by it: who reads along signs tokens, and who answers in "
						   "the primary's place says what clients may do."),
				 errhint("sslmode=verify-full (or verify-ca, or require with "
						 "channel_binding=require), or a Unix-domain socket.")));
	PG_RETURN_TEXT_P(cstring_to_text(place));
}

Datum
pgt_ask_upstream(PG_FUNCTION_ARGS)
{
	Upstream *upstream = connect_to(argument_text(fcinfo, 0));
	char *problem;
	int sqlstate;
	char *volatile answer = NULL;

	PG_TRY();
	{
		answer = upstream_ask(upstream, argument_text(fcinfo, 1), &problem, &sqlstate);
	}
	PG_FINALLY();
	{
		upstream_close(upstream);
	}
	PG_END_TRY();
	if (answer == NULL)
		ereport(ERROR, (errcode(sqlstate), errmsg("the configuration primary has refused"),
						errdetail_internal("%s", problem)));
	PG_RETURN_TEXT_P(cstring_to_text(answer));
}
