/*
 * change.h
 *		Use case: what a living family's tokens say is changed.
 */
#ifndef PGT_CHANGE_H
#define PGT_CHANGE_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/grant.h"

typedef struct FamilyChange
{
	Jsonb *claims; /* NULL: as they are */
	const char *scope; /* no more than it has; NULL: as it is */
	bool at_once; /* the access tokens that it has out are refused */
	const char *reason;
} FamilyChange;

typedef struct ChangedFamily
{
	const Grant *grant; /* as it is now */
	bool refreshable;
	int access_tokens; /* refused before their end */
} ChangedFamily;

/* false: unknown, or over; ereport(22023) for a scope that is wider */
extern bool change_family(const pg_uuid_t *grant_id, const FamilyChange *change,
						  ChangedFamily *out);

#endif /* PGT_CHANGE_H */
