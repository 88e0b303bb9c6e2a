/*
 * moment.h
 *		Points in time, and the seconds of other standards.
 */
#ifndef PGT_MOMENT_H
#define PGT_MOMENT_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#define USECS_PER_MSEC INT64CONST(1000)
#define EPOCH_OFFSET_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (SECS_PER_DAY))

extern int64 moment_unix_us(TimestampTz ts); /* microseconds */
extern TimestampTz moment_of_unix_us(int64 us);
extern int64 moment_unix(TimestampTz ts);
extern TimestampTz moment_of_unix(int64 seconds);
extern TimestampTz moment_plus(TimestampTz ts, int64 seconds);

/*
 * Did it happen less than so many seconds before the request came in, or while the
 * request was under way?  now was read after what at was read from.  What lies ahead
 * of both was dated by a clock that has been put back since, and counts for as many
 * seconds ahead.
 */
extern bool moment_is_within(TimestampTz at, int64 seconds, TimestampTz entered, TimestampTz now);

#endif /* PGT_MOMENT_H */
