/*
 * hop.h
 *		What one shard tells the next of a request that both have to see.
 *
 * A request that needs what lies on several shards goes from one to the other, each of
 * which does its part and commits.  Between them a layer carries a text that it cannot
 * read: sealed for the issuer, for the next shard, for this very request, for a minute.
 */
#ifndef PGT_HOP_H
#define PGT_HOP_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

/*
 * The answer of this exchange: it goes on at the shard of the placement; the caller
 * answers PGT_ERR_ELSEWHERE.  What the shards before have told goes on as well, but for
 * members of the same name.  carried NULL: nothing more is to be told.
 */
extern void hop_to(HttpExchange *x, uint32 placement, Jsonb *carried);

/* what the shard before has vouched for, of this very request; NULL: nothing */
extern Jsonb *hop_carried(const HttpExchange *x);

/*
 * Has that not been used here before?  For what stands for something that is good once;
 * true also where nothing was carried.
 */
extern bool hop_first_use(const HttpExchange *x);

#endif /* PGT_HOP_H */
