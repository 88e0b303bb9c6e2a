/*
 * one_time_code.h
 *		One-time codes: the digits of one, and recovery codes.
 */
#ifndef PGT_CORE_ONE_TIME_CODE_H
#define PGT_CORE_ONE_TIME_CODE_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_CODE_DIGITS_MAX 8
#define PGTC_RECOVERY_CODE_LEN 11

/* the last digits of the value, with the zeros in front, NUL-terminated; digits 6 to 8, as of the next */
extern void pgtc_one_time_code_digits(uint64_t value, int digits,
									  char out[PGTC_CODE_DIGITS_MAX + 1]);

/* decimal digits, unbiased */
extern void pgtc_one_time_code_numeric(const uint8_t random[32], int digits,
									   char out[PGTC_CODE_DIGITS_MAX + 1]);

/* five letters, a dash, five letters (43 bits), unbiased, NUL-terminated */
extern void pgtc_one_time_code_recovery(const uint8_t random[32],
										char out[PGTC_RECOVERY_CODE_LEN + 1]);

/* the same code as typed: case, spaces and dashes passed over; PGTC_E_MALFORMED */
extern PgtcCode pgtc_one_time_code_read_recovery(PgtcSlice in,
												 char out[PGTC_RECOVERY_CODE_LEN + 1]);

#endif /* PGT_CORE_ONE_TIME_CODE_H */
