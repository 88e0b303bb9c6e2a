/*
 * subject_block.h
 *		Subjects that are refused for as long as an administrator has said.
 */
#ifndef PGT_SUBJECT_BLOCK_H
#define PGT_SUBJECT_BLOCK_H

#include "base/compat.h"

/* is a block of the subject in force, by the latest snapshot and the clock at this moment? */
extern bool subject_block_holds(const char *issuer, const char *subject);

#endif /* PGT_SUBJECT_BLOCK_H */
