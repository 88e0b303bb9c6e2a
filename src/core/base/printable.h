/*
 * printable.h
 *		What somebody else has sent, made fit to be shown.
 */
#ifndef PGT_CORE_PRINTABLE_H
#define PGT_CORE_PRINTABLE_H

#include "core/base/slice.h"

#define PGTC_PRINTABLE_MIN 64 /* least size of out: room for the mark of a cut */

/*
 * One line of well-formed UTF-8, ended by NUL, of at most size bytes with it.
 * Control characters, what turns the direction of writing or has no width, and
 * bytes that are no UTF-8 become \xNN, byte by byte, and a backslash becomes two.
 * What does not fit is cut between characters, and the end says so: "... (of N
 * bytes)", of N of the input.
 */
extern void pgtc_printable(PgtcSlice in, char *out, size_t size);

/* the same for a few words of a sentence: cut without a mark, "?" for what is not printable ASCII */
extern void pgtc_printable_ascii(PgtcSlice in, char *out, size_t size);

/*
 * The same for a column of a table in a terminal: at most so many columns wide, and
 * what was cut ends in "...".  out has room for PGTC_PRINTABLE_CLIP_SIZE(columns) bytes.
 */
#define PGTC_PRINTABLE_CLIP_SIZE(columns) (3 * (columns) + 1)
extern void pgtc_printable_clip(PgtcSlice in, size_t columns, char *out);

#endif /* PGT_CORE_PRINTABLE_H */
