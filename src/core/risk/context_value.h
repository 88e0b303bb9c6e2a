/*
 * context_value.h
 *		What a member of a context may be.
 */
#ifndef PGT_CORE_CONTEXT_VALUE_H
#define PGT_CORE_CONTEXT_VALUE_H

#include "core/base/slice.h"

#define PGTC_CONTEXT_VALUE_MAX 256 /* bytes, as a request brings it */

/* between what the member is to be, which may be infinities; false: it is no number */
extern bool pgtc_context_value_range(const char *member, double *least, double *greatest);

/*
 * Is the text, which somebody has sent, a value of the member?  A number is
 * [-] digits [. digits], of 15 digits at most each, so that none prints as thousands;
 * anything else is 1 to PGTC_CONTEXT_VALUE_MAX bytes without control characters.
 */
extern bool pgtc_context_value_valid(const char *member, PgtcSlice text);

#endif /* PGT_CORE_CONTEXT_VALUE_H */
