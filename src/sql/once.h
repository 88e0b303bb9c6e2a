/*
 * once.h
 *		One call for one expression.
 */
#ifndef PGT_ONCE_H
#define PGT_ONCE_H

#include "base/compat.h"

#include "fmgr.h"

/*
 * What the function answers; and where one statement calls it in the same row once
 * more with the same arguments, as (f(x)).* does for each column, what it has answered
 * to the first of these calls.
 */
extern Datum once_run(FunctionCallInfo fcinfo, PGFunction function);

#endif /* PGT_ONCE_H */
