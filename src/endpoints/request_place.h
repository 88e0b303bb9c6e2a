/*
 * request_place.h
 *		Where a request belongs when there are several databases: what it names says so.
 *
 * Nothing is verified and nothing looked up.  A request that names nothing which can be
 * read, or is refused for its form, may be answered anywhere.
 */
#ifndef PGT_REQUEST_PLACE_H
#define PGT_REQUEST_PLACE_H

#include "base/compat.h"

#include "base/shard.h"
#include "http/http.h"

typedef enum PlaceKind
{
	PLACE_ANY,
	PLACE_ALL, /* each shard answers for itself: the whole is what all of them say */
	PLACE_CONFIGURATION,
	PLACE_SHARD
} PlaceKind;

typedef struct RequestPlace
{
	PlaceKind kind;
	uint32 number; /* of PLACE_SHARD: modulo the number of shards it is the shard */
} RequestPlace;

/* what the door's routes have, each for its endpoint */
typedef RequestPlace (*PlaceRule)(const HttpExchange *x);

extern RequestPlace request_place_any(const HttpExchange *x);
extern RequestPlace request_place_all(const HttpExchange *x);
extern RequestPlace request_place_configuration(const HttpExchange *x);
extern RequestPlace request_place_grant(const HttpExchange *x); /* what its grant type goes by */
extern RequestPlace request_place_token(const HttpExchange *x); /* the parameter token */
extern RequestPlace request_place_access_token(const HttpExchange *x); /* that it comes with */
extern RequestPlace request_place_metrics(const HttpExchange *x); /* the same, or all */
extern RequestPlace request_place_step_up(const HttpExchange *x); /* its transaction */
extern RequestPlace request_place_client(const HttpExchange *x); /* who authenticates */
extern RequestPlace request_place_device(const HttpExchange *x); /* the letter of his user codes */
extern RequestPlace request_place_authorization(const HttpExchange *x);
extern RequestPlace request_place_answer(const HttpExchange *x);
extern RequestPlace request_place_logout(const HttpExchange *x);
extern RequestPlace request_place_status_list(const HttpExchange *x);

/*
 * By its rule, or any where its form cannot be read.  The assertion of a client is taken
 * where its own tokens lie: there it goes first, and to its home by itself (http/hop.h).
 */
extern RequestPlace request_place(HttpExchange *x, PlaceRule rule);

/* a shard's number, any, all or configuration */
extern char *request_place_name(RequestPlace place, uint32 shards);

/* that, as the answer: status 0, and the header Shard */
extern void request_place_answer_shard(HttpExchange *x, RequestPlace place);

/*
 * Does it go elsewhere than to this shard?  Then its answer is complete.  One that a layer has sent here already stays.
 */
extern bool request_place_is_elsewhere(HttpExchange *x, PlaceRule rule);

#endif /* PGT_REQUEST_PLACE_H */
