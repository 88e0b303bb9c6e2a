/*
 * text.h
 *		Which characters a text has.
 */
#ifndef PGT_CORE_TEXT_H
#define PGT_CORE_TEXT_H

#include "core/base/slice.h"

/* fit to be stored and shown: no control character */
extern bool pgtc_text_plain(PgtcSlice text);

/* %x20-7E */
extern bool pgtc_text_printable(PgtcSlice text);

/* what may stand in an error's description, between quotes: %x20-21 / %x23-5B / %x5D-7E (RFC 6749 appendix A.8) */
extern bool pgtc_text_quotable(PgtcSlice text);

/* decimal digits alone, and one at least */
extern bool pgtc_text_digits(PgtcSlice text);

/* the number of the digits; -1: they are none, or it is greater than most */
extern int64_t pgtc_text_number(PgtcSlice text, int64_t most);

#endif /* PGT_CORE_TEXT_H */
