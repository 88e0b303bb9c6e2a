/*
 * route.h
 *		Where a text leads to: whatever the service hands out says so itself.
 *
 * Nothing is verified: it is for finding the way, not for trusting.
 */
#ifndef PGT_CORE_ROUTE_H
#define PGT_CORE_ROUTE_H

#include "core/base/buf.h"
#include "core/base/uuid.h"

/*
 * The grant_id in a refresh token, a handle (handle.h; a request_uri with or without
 * its urn), a request that was handed over (sealed_request.h), a jti, an access token, or
 * a UUID as text.  mem: for the claims of an access token and the like, freed before
 * return.  PGTC_E_MALFORMED: it is none of these.
 */
extern PgtcCode pgtc_route_grant_id(PgtcSlice text, const PgtcMem *mem, uint8_t out[PGTC_UUID_LEN]);

/* what the shard of any of these, or of a user code, is reckoned from: modulo the number of shards it is the shard */
extern PgtcCode pgtc_route_number(PgtcSlice text, const PgtcMem *mem, uint32_t *out);

/* that shard; shards as in pgtc_placement_shard */
extern PgtcCode pgtc_route_shard(PgtcSlice text, const PgtcMem *mem, uint32_t shards,
								 uint32_t *out);

#endif /* PGT_CORE_ROUTE_H */
