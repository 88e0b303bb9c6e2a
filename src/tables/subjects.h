/*
 * subjects.h
 *		What is known of all subjects of an issuer together, so that most requests need
 *		no look at the rows of one.
 */
#ifndef PGT_SUBJECTS_H
#define PGT_SUBJECTS_H

#include "base/compat.h"

#include "datatype/timestamp.h"

typedef struct Subjects
{
	int64 epoch; /* number of the last end of everything that one of them had; 0: none */
	TimestampTz not_before; /* the latest; DT_NOBEGIN: there is none */
	TimestampTz blocked_until; /* end of the block that lasts longest; DT_NOBEGIN: there is none */
} Subjects;

/* valid as cache_begin() says */
extern const Subjects *subjects_of(const char *issuer);

#endif /* PGT_SUBJECTS_H */
