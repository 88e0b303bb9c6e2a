/*
 * status_place.h
 *		The place in the status lists of a family that had one.
 */
#ifndef PGT_STATUS_PLACE_H
#define PGT_STATUS_PLACE_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "tables/client.h"
#include "tables/grant.h"

/* another, or none where the issuer makes no lists any more; the row is the caller's to write */
extern void status_place_renew(const Client *client, Grant *grant, TimestampTz now);

/* another where its list lies on another shard, as after a split; written with the family's next step */
extern void status_place_follow(const Client *client, Grant *grant, TimestampTz now);

#endif /* PGT_STATUS_PLACE_H */
