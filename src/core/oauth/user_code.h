/*
 * user_code.h
 *		User codes of devices.
 */
#ifndef PGT_CORE_USER_CODE_H
#define PGT_CORE_USER_CODE_H

#include "core/base/code.h"
#include "core/base/letters.h"
#include "core/base/slice.h"

/*
 * Nine letters, shown in three groups, like BCD-FGH-JKL.  The first says on which shard
 * the device's request lies (core/base/placement.h); the other eight are the secret of
 * 34.5 bits of RFC 8628 section 6.1.
 */
#define PGTC_USER_CODE_LEN 9
#define PGTC_USER_CODE_SHOWN_LEN 11
#define PGTC_USER_CODE_PLACEMENTS PGTC_LETTERS

/* placement: 0 to PGTC_USER_CODE_PLACEMENTS - 1; the rest is unbiased */
extern void pgtc_user_code_make(uint32_t placement, const uint8_t random[32],
								char out[PGTC_USER_CODE_LEN + 1]);
extern void pgtc_user_code_show(const char code[PGTC_USER_CODE_LEN + 1],
								char out[PGTC_USER_CODE_SHOWN_LEN + 1]);

/* case and everything that is no letter or digit is passed over; PGTC_E_MALFORMED unless the 9 remain */
extern PgtcCode pgtc_user_code_read(PgtcSlice in, char out[PGTC_USER_CODE_LEN + 1]);

/* of a code that was read or made */
extern uint32_t pgtc_user_code_placement(const char code[PGTC_USER_CODE_LEN + 1]);

#endif /* PGT_CORE_USER_CODE_H */
