/*
 * glob.h
 *		Patterns of names, with * for any run of bytes.
 */
#ifndef PGT_CORE_GLOB_H
#define PGT_CORE_GLOB_H

#include "core/base/slice.h"

/* the whole text; nothing but * means anything; in time of at most the one length by the other */
extern bool pgtc_glob_matches(PgtcSlice pattern, PgtcSlice text);

#endif /* PGT_CORE_GLOB_H */
