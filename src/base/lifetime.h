/*
 * lifetime.h
 *		How long something lives: an interval, with its months apart, whose length
 *		depends on when they begin.
 */
#ifndef PGT_LIFETIME_H
#define PGT_LIFETIME_H

#include "base/compat.h"

#include "datatype/timestamp.h"

typedef struct Lifetime
{
	bool given;
	int32 months;
	int64 seconds; /* beside them */
} Lifetime;

extern Lifetime lifetime_of(const Interval *interval);

/* from now on */
extern int lifetime_seconds(const Lifetime *lifetime, int if_not_given);

/* whole seconds, months counted in the calendar from now on, as far as they fit */
extern int lifetime_of_interval(const Interval *interval);

#endif /* PGT_LIFETIME_H */
