/*
 * details_type.c
 *		Types of authorization details, each with the function that judges them.
 */
#include "tables/details_type.h"

#include "base/store.h"

static void
read_validator(StoreRow *row, void *arg)
{
	*(char **) arg = store_text(row);
}

static StoreQuery details_type_query =
	STORE_QUERY("details type", STORE_READS_LATEST,
				"SELECT t.validator FROM pgtoken.authorization_details_types t "
				"WHERE t.issuer" EQ "$1 AND t.type" EQ "$2");

char *
details_type_validator(const char *issuer, const char *type)
{
	char *validator = NULL;
	StoreArgs args = {0};

	store_arg_text(&args, issuer);
	store_arg_text(&args, type);
	store_run(&details_type_query, &args, read_validator, &validator);
	return validator;
}
