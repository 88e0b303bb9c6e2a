/*
 * user_code.h
 *		User codes of devices.
 */
#ifndef PGT_CORE_USER_CODE_H
#define PGT_CORE_USER_CODE_H

#include "core/base/code.h"
#include "core/base/slice.h"

/*
 * RFC 8628 section 6.1: eight letters (34.5 bits), shown in two halves, like BCDF-GHJK.
 */
#define PGTC_USER_CODE_LEN 8
extern void pgtc_user_code_make(const uint8_t random[32],
								char out[PGTC_USER_CODE_LEN + 1]); /* unbiased */
extern void pgtc_user_code_show(const char code[PGTC_USER_CODE_LEN + 1],
								char out[PGTC_USER_CODE_LEN + 2]);

/* case and everything that is no letter or digit is passed over; PGTC_E_MALFORMED unless the 8 remain */
extern PgtcCode pgtc_user_code_read(PgtcSlice in, char out[PGTC_USER_CODE_LEN + 1]);

#endif /* PGT_CORE_USER_CODE_H */
