/*
 * build_lock.h
 *		One backend at a time makes what many ask for and take from where it is kept.
 */
#ifndef PGT_BUILD_LOCK_H
#define PGT_BUILD_LOCK_H

#include "base/compat.h"

/* to the end of the transaction; wait = false: false when somebody else has it */
extern bool build_lock(int64 series, int32 number, bool wait);

#endif /* PGT_BUILD_LOCK_H */
