/*
 * hop.h
 *		What one shard tells the next of a request that both have to see.
 *
 * A request that needs what lies on several shards goes from one to the other, each of
 * which does its part and commits.  Between them a layer carries a text that it cannot
 * read: sealed for the issuer, for the next shard, for this very request of this client
 * (x->client_id, without which nothing is told), for a minute.
 */
#ifndef PGT_HOP_H
#define PGT_HOP_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

/*
 * The answer of this exchange: it goes on at the shard of the placement.  Each returns
 * PGT_ERR_ELSEWHERE, which is what the caller answers.  What the shards before have told
 * goes on, and what this one vouches for (x->vouched); of members of one name the last.
 * carried NULL: nothing more.
 */
extern PgtErr hop_to(HttpExchange *x, uint32 placement, Jsonb *carried);

/* the same, to come back here: to the request's home */
extern PgtErr hop_aside(HttpExchange *x, uint32 placement, Jsonb *carried);

/* and back; only where hop_is_home() says no */
extern PgtErr hop_home(HttpExchange *x, Jsonb *carried);

/* is it to be answered here, and not only here for what another shard needs? */
extern bool hop_is_home(const HttpExchange *x);

/* what the shard before has vouched for, of this very request; NULL: nothing */
extern Jsonb *hop_carried(const HttpExchange *x);

/* one member of it, where that is an object; NULL */
extern Jsonb *hop_carried_member(const HttpExchange *x, const char *name);

/*
 * Has that not been used here before, but by this request?  For what stands for something
 * that is good once.
 */
extern bool hop_first_use(HttpExchange *x);

#endif /* PGT_HOP_H */
