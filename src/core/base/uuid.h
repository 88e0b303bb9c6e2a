/*
 * uuid.h
 *		UUIDs (RFC 9562).
 */
#ifndef PGT_CORE_UUID_H
#define PGT_CORE_UUID_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_UUID_LEN 16
#define PGTC_UUID_TEXT_LEN 36

/*
 * RFC 9562 section 5.7; rand_a carries the sub-millisecond fraction (section
 * 6.2 method 3), rand_b comes from the eight bytes of random.
 */
extern void pgtc_uuid_make(uint64_t unix_us, const uint8_t random[8], uint8_t out[PGTC_UUID_LEN]);

/* when one that pgtc_uuid_make has made was made: the microseconds that it was given */
extern uint64_t pgtc_uuid_unix_us(const uint8_t uuid[PGTC_UUID_LEN]);

/* lower-case 8-4-4-4-12 with a NUL */
extern void pgtc_uuid_text(const uint8_t uuid[PGTC_UUID_LEN], char out[PGTC_UUID_TEXT_LEN + 1]);

/* exactly the 36-character form, either case; PGTC_E_MALFORMED */
extern PgtcCode pgtc_uuid_parse(PgtcSlice in, uint8_t out[PGTC_UUID_LEN]);

#endif /* PGT_CORE_UUID_H */
