/*
 * moment.c
 *		Points in time.
 */
#include "base/moment.h"

int64
moment_unix_us(TimestampTz ts)
{
	return ts + EPOCH_OFFSET_SECONDS * USECS_PER_SEC;
}

TimestampTz
moment_of_unix_us(int64 us)
{
	return us - EPOCH_OFFSET_SECONDS * USECS_PER_SEC;
}

int64
moment_unix(TimestampTz ts)
{
	/* round down, also before 2000 */
	int64 seconds = ts / USECS_PER_SEC;

	if (ts % USECS_PER_SEC < 0)
		seconds--;
	return seconds + EPOCH_OFFSET_SECONDS;
}

TimestampTz
moment_of_unix(int64 seconds)
{
	return (seconds - EPOCH_OFFSET_SECONDS) * USECS_PER_SEC;
}

TimestampTz
moment_plus(TimestampTz ts, int64 seconds)
{
	return ts + seconds * USECS_PER_SEC;
}

bool
moment_is_within(TimestampTz at, int64 seconds, TimestampTz entered, TimestampTz now)
{
	if (at <= entered)
		return entered < moment_plus(at, seconds);
	return at <= now || at < moment_plus(entered, seconds);
}
