/*
 * lifespan.c
 *		How long a family may live by what the application says of it.
 */
#include "tables/lifespan.h"

#include "utils/timestamp.h"

#include "base/moment.h"

Lifespan
lifespan_begin(int lifetime, int idle_lifetime)
{
	return (Lifespan){
		.not_after = lifetime > 0 ? moment_plus(GetCurrentTimestamp(), lifetime) : 0,
		.idle_lifetime = Max(idle_lifetime, 0),
	};
}

TimestampTz
lifespan_end(const Lifespan *lifespan, TimestampTz end)
{
	return lifespan->not_after ? Min(end, lifespan->not_after) : end;
}

int
lifespan_idle_lifetime(const Lifespan *lifespan, int idle_lifetime)
{
	return lifespan->idle_lifetime > 0 ? Min(idle_lifetime, lifespan->idle_lifetime)
									   : idle_lifetime;
}

void
lifespan_args(StoreArgs *args, const Lifespan *lifespan)
{
	store_arg_time(store_named(args, "family_expires_at"),
				   lifespan->not_after ? lifespan->not_after : DT_NOBEGIN);
	store_arg_seconds(store_named(args, "family_idle_lifetime"),
					  lifespan->idle_lifetime > 0 ? lifespan->idle_lifetime : -1);
}

void
lifespan_read(StoreRow *row, Lifespan *lifespan)
{
	lifespan->not_after = store_time(store_column(row, "family_expires_at"), 0);
	lifespan->idle_lifetime = store_seconds(store_column(row, "family_idle_lifetime"), 0);
}
