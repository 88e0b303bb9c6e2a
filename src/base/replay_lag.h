/*
 * replay_lag.h
 *		May a standby answer, or is what it has replayed too old?
 *
 * A standby knows of a revocation once it has replayed it.  One that replays
 * late, or is cut off, would go on saying that a stolen token holds; with
 * pgtoken.max_replay_lag it refuses to say anything.  On a primary, and without
 * the setting, nothing is looked at.
 */
#ifndef PGT_REPLAY_LAG_H
#define PGT_REPLAY_LAG_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#define PGT_ERRCODE_STALE_STANDBY MAKE_SQLSTATE('P', 'T', '5', '0', '3')

/* how long ago this standby is known to have been current, in ms; -1: not known, or no standby */
extern int64 replay_lag_ms(void);

/* by more than pgtoken.max_replay_lag, or for an unknown time, behind */
extern bool replay_lag_exceeded(void);

/*
 * The same as ereport(PT503).  To be called before anything is read: what it
 * vouches for is what the caller sees afterwards.
 */
extern void replay_lag_check(void);

#endif /* PGT_REPLAY_LAG_H */
