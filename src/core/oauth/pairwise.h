/*
 * pairwise.h
 *		Pairwise subjects.
 */
#ifndef PGT_CORE_PAIRWISE_H
#define PGT_CORE_PAIRWISE_H

#include "core/base/code.h"
#include "core/base/slice.h"

/*
 * OpenID Connect Core section 8.1: base64url( HMAC-SHA-256( key, sector | 0 | subject ) ).
 * PGTC_E_MALFORMED when one is empty or the sector contains a NUL, PGTC_E_TOO_LONG over 4 KB.
 */
#define PGTC_PAIRWISE_LEN 43
extern PgtcCode pgtc_pairwise_subject(const uint8_t key[32], PgtcSlice sector, PgtcSlice subject,
									  char out[PGTC_PAIRWISE_LEN + 1]);

#endif /* PGT_CORE_PAIRWISE_H */
