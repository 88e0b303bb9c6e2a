/*
 * lifetime.c
 *		How long something lives, with its months apart.
 */
#include "base/lifetime.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

Lifetime
lifetime_of(const Interval *interval)
{
	return (Lifetime){true, interval->month,
					  (int64) interval->day * SECS_PER_DAY + interval->time / USECS_PER_SEC};
}

#define MONTHS_MAX (100 * MONTHS_PER_YEAR)

/* months have no length of their own: they are counted in the calendar, of UTC, from this moment */
int
lifetime_seconds(const Lifetime *lifetime, int if_not_given)
{
	/* a century is more than seconds can be, and the calendar has an end */
	Interval months = {.month = Max(Min(lifetime->months, MONTHS_MAX), -MONTHS_MAX)};
	int64 seconds = lifetime->seconds;

	if (!lifetime->given)
		return if_not_given;
	if (lifetime->months != 0)
	{
		TimestampTz now = GetCurrentTimestamp();
		Datum end = DirectFunctionCall2(timestamp_pl_interval, TimestampGetDatum(now),
										IntervalPGetDatum(&months));

		seconds += (DatumGetTimestamp(end) - now) / USECS_PER_SEC;
	}
	return Max(Min(seconds, PG_INT32_MAX), PG_INT32_MIN);
}

int
lifetime_of_interval(const Interval *interval)
{
	Lifetime lifetime = lifetime_of(interval);

	return lifetime_seconds(&lifetime, 0);
}
