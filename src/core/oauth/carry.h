/*
 * carry.h
 *		What one shard seals for the next: which request it is of, and for how long.
 */
#ifndef PGT_CORE_CARRY_H
#define PGT_CORE_CARRY_H

#include "core/base/buf.h"
#include "core/base/crypto.h"

#define PGTC_CARRY_LIFETIME 60 /* seconds */
#define PGTC_CARRY_LEEWAY 10 /* seconds by which the clock of the one that seals may be ahead */

/*
 * The label of the request that these parts make, their order and number included; an
 * absent part is an empty one.  mem: freed before return.
 */
extern PgtcCode pgtc_carry_label(const PgtcSlice *parts, int n, const PgtcMem *mem,
								 char out[PGTC_DIGEST_TEXT_LEN + 1]);

/* does what was sealed at one moment hold at the other? seconds since 1970 */
extern bool pgtc_carry_is_fresh(int64_t sealed_at, int64_t now);

#endif /* PGT_CORE_CARRY_H */
