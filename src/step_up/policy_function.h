/*
 * policy_function.h
 *		Rules of a policy that are SQL functions of the administrator's.
 */
#ifndef PGT_POLICY_FUNCTION_H
#define PGT_POLICY_FUNCTION_H

#include "base/compat.h"

#include "utils/jsonb.h"

/*
 * Calls f(context, previous, family) as its owner, read-only, and for at most so
 * many milliseconds.  *result is its answer, NULL for SQL NULL.  When it raises,
 * writes or takes too long nothing of it remains, and an English word for it is
 * returned (its own message goes to the log); otherwise NULL.  A cancelled
 * statement or a shutdown is raised as ever.
 */
extern const char *policy_function_call(const char *name, Jsonb *context, Jsonb *previous,
										Jsonb *family, int timeout, Jsonb **result);

#endif /* PGT_POLICY_FUNCTION_H */
