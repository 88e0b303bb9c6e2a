/*
 * configuration_files.c
 *		SQL-callable functions of the configuration in a file: unpack, call one operation,
 *		build the answer.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/strings.h"
#include "operations/configuration_file.h"
#include "sql/argument.h"

PG_FUNCTION_INFO_V1(pgt_export_configuration);
PG_FUNCTION_INFO_V1(pgt_open_configuration);

Datum
pgt_export_configuration(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *recipients = argument_required_text(fcinfo, 0, "recipient");
	ConfigurationFile file;
	Datum values[2];
	bool nulls[2] = {false};

	InitMaterializedSRF(fcinfo, 0);
	configuration_file_seal(recipients, &file);
	values[0] = CStringGetTextDatum(file.sealed);
	values[1] = CStringGetTextDatum(file.digest);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

static void
put_row(const ConfigurationRow *row, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum values[5] = {0};
	bool nulls[5] = {false};

	nulls[0] = row->table == NULL;
	if (row->table)
		values[0] = CStringGetTextDatum(row->table);
	values[1] = JsonbPGetDatum(row->row);
	nulls[2] = nulls[3] = row->material == NULL;
	values[2] = PointerGetDatum(row->material);
	values[3] = BoolGetDatum(row->wrapped);
	nulls[4] = !row->is_there;
	values[4] = BoolGetDatum(row->is_same);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
pgt_open_configuration(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *digest = argument_required_text(fcinfo, 1, "digest");
	text *sealed;

	argument_required_text(fcinfo, 0, "sealed");
	sealed = PG_GETARG_TEXT_PP(0);
	InitMaterializedSRF(fcinfo, 0);
	configuration_file_open(strings_slice(sealed), digest, put_row, result);
	return (Datum) 0;
}
