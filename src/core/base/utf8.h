/*
 * utf8.h
 *		UTF-8 (RFC 3629) without NUL.
 */
#ifndef PGT_CORE_UTF8_H
#define PGT_CORE_UTF8_H

#include "core/base/slice.h"

extern bool pgtc_utf8_valid(PgtcSlice in);

/* bytes of the well-formed character that begins here; 0: none does, or it is NUL */
extern size_t pgtc_utf8_char_len(const uint8_t *at, size_t rest);

#endif /* PGT_CORE_UTF8_H */
