/*
 * begun.h
 *		When a family began, or what leads to one: by the clock, and by the epochs of
 *		its issuer, its client and its issuer's subjects.
 *
 * An epoch is a counter that moves on when everything that was issued before is
 * ended.  It is copied at the issue and compared at each use, so that neither a
 * clock that was wrong nor a transaction that had not committed escapes: whoever
 * cannot have seen the end carries the epoch of before it.
 */
#ifndef PGT_BEGUN_H
#define PGT_BEGUN_H

#include "base/compat.h"

#include "datatype/timestamp.h"

/* of a row that was not written here: before all */
#define EPOCH_NONE (-1)

typedef struct Begun
{
	TimestampTz at;
	int64 issuer_epoch;
	int64 client_epoch;
	int64 subject_epoch; /* one counter for all subjects of the issuer */
} Begun;

/* of an issuer or client: which epochs still stand */
typedef struct Epochs
{
	int64 current;
	int64 since_end; /* how many before the current one were not ended as a whole */
	TimestampTz not_before; /* DT_NOBEGIN: none */
	int64 not_before_epoch; /* it is for those of an earlier epoch */
} Epochs;

#endif /* PGT_BEGUN_H */
