/*
 * lifespan.h
 *		How long a family may live by what the application says of it, which is
 *		never longer than the settings of its client.
 *
 * The end is a moment from the application's word on: neither a code that waits nor
 * a device that polls late moves it.
 */
#ifndef PGT_LIFESPAN_H
#define PGT_LIFESPAN_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "base/store.h"

typedef struct Lifespan
{
	TimestampTz not_after; /* end of the family at the latest; 0: as the client's settings say */
	int idle_lifetime; /* seconds, at the most; 0: as they say */
} Lifespan;

/* from this moment on; seconds, -1 for what is not given */
extern Lifespan lifespan_begin(int lifetime, int idle_lifetime);

/* the earlier of the family's end and this moment */
extern TimestampTz lifespan_end(const Lifespan *lifespan, TimestampTz end);

/* the shorter of what it says and this */
extern int lifespan_idle_lifetime(const Lifespan *lifespan, int idle_lifetime);

/* as a code or a device code has it in its columns, until the family comes of it */
extern void lifespan_args(StoreArgs *args, const Lifespan *lifespan);
extern void lifespan_read(StoreRow *row, Lifespan *lifespan);

#endif /* PGT_LIFESPAN_H */
