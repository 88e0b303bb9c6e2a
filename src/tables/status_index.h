/*
 * status_index.h
 *		Which place in the status lists a new family gets.
 *
 * Indices are reserved by the block, from one list of the issuer that nobody else is
 * reserving from at that moment, so that nobody waits.  A block is the backend's own and
 * handed out in a random order: two families of about the same time do not show by
 * their indices that they are.
 */
#ifndef PGT_STATUS_INDEX_H
#define PGT_STATUS_INDEX_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "tables/issuer.h"

/* a place that no family has had or will have but this one; subject: whose it is */
extern void status_index_take(const Issuer *issuer, const char *subject, TimestampTz now,
							  int64 *series, int32 *position);

/* what names this place is refused from now on, whatever becomes of its family */
extern void status_index_end(int64 series, int32 position);

/* is a list of this series made here, or on another shard? */
extern bool status_index_is_here(int64 series);

/* at start-up, before any block is there */
extern void status_index_init(void);

#endif /* PGT_STATUS_INDEX_H */
