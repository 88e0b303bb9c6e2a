/*
 * user_function.h
 *		Calling a function that the application supplies.
 */
#ifndef PGT_USER_FUNCTION_H
#define PGT_USER_FUNCTION_H

#include "compat.h"

#include "utils/jsonb.h"

/*
 * Calls the function of this name ("schema.name") and argument types, which must
 * return jsonb, as its owner; settings that it changes are put back.  NULL when
 * it answers SQL NULL.  ereport(55000) when it is not there, ereport(38000) when
 * it raises: with its own words in the log only.
 */
extern Jsonb *user_function_call(const char *name, int nargs, const Oid *types, Datum *args);

/*
 * The same, but what it raises is the caller's to catch, in a subtransaction:
 * only that undoes what an error leaves behind of the change of user.
 */
extern Jsonb *user_function_run(const char *name, int nargs, const Oid *types, Datum *args);

#endif /* PGT_USER_FUNCTION_H */
