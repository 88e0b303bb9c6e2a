/*
 * catalogue.h
 *		Which version of the extension the database has, and whether this library goes
 *		with it.
 *
 * The two are replaced one after the other.  A package brings the library, ALTER
 * EXTENSION brings the objects, a standby has its primary's objects and a library of
 * its own, and a session keeps the library that it has loaded.  So a library works
 * with older objects, down to CATALOGUE_OLDEST, and with newer ones of its own major
 * version, whose upgrade scripts leave to it what it knows (docs/upgrading.md).
 */
#ifndef PGT_CATALOGUE_H
#define PGT_CATALOGUE_H

#include "base/compat.h"

/* raised with the removal of what stands here for the sake of older objects */
#define CATALOGUE_OLDEST "0.9.0"

typedef enum CatalogueFit
{
	CATALOGUE_CURRENT,
	CATALOGUE_BEHIND, /* ALTER EXTENSION is still to come */
	CATALOGUE_AHEAD, /* this session has begun before the library was replaced */
	CATALOGUE_TOO_OLD,
	CATALOGUE_TOO_NEW
} CatalogueFit;

/* of the extension in this database, palloc'd; NULL: there is none */
extern char *catalogue_version(void);

/* whether the library goes with this version */
extern CatalogueFit catalogue_fit(const char *version);

/*
 * Had the extension come to this version when this session last began to cache anew?  Until
 * there is one, no.  What a row reader or a statement of the store needs of newer objects it
 * asks for on this condition; plans are made anew when it changes.
 */
extern bool catalogue_has(int major, int minor, int patch);

/* so often the version that was met has changed */
extern uint64 catalogue_changes;

/* raises 55000 where the two do not work together; for whoever begins to cache anew */
extern void catalogue_check(void);

#endif /* PGT_CATALOGUE_H */
