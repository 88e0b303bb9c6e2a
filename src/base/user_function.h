/*
 * user_function.h
 *		Calling a function that the application supplies.
 */
#ifndef PGT_USER_FUNCTION_H
#define PGT_USER_FUNCTION_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/resowner.h"

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

/*
 * Runs a step that calls such a function, in a subtransaction.  False: it has
 * raised, what it did is undone and the log has its words, and the transaction goes
 * on: what was used up before stays used.  What ends the statement (cancellation,
 * a conflict with another transaction, want of memory) is raised as ever.
 */
extern bool user_function_guard(void (*step)(void *arg), void *arg);

/* has the server itself ended the statement, and not the function? */
extern bool user_function_interrupted(const ErrorData *error);

/* ends the subtransaction that a function ran in, with all that it may have done */
extern void user_function_undo(MemoryContext caller, ResourceOwner owner);

#endif /* PGT_USER_FUNCTION_H */
