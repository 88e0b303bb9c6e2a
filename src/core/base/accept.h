/*
 * accept.h
 *		What Accept headers say of a media type (RFC 9110 section 12.5.1) and of a coding
 *		(section 12.5.3).
 */
#ifndef PGT_CORE_ACCEPT_H
#define PGT_CORE_ACCEPT_H

#include "core/base/slice.h"

#define PGTC_QUALITY_MAX 1000 /* q=1, and what is meant where there is no q */

/*
 * The quality of a media type, in thousandths, by the most specific range that
 * names it; 0: it is not wanted.  A weight that is none counts as 0.  *named: a
 * range names the type itself.  Parameters but q are not looked at; commas and
 * semicolons in quoted values are taken for separators.
 */
extern int pgtc_accept_quality(PgtcSlice accept, const char *media_type, bool *named);

/* may the answer have this coding, by its name?  The first that names it counts, and no "*". */
extern bool pgtc_accept_coding(PgtcSlice accept, const char *coding);

#endif /* PGT_CORE_ACCEPT_H */
