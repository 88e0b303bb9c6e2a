/*
 * door.h
 *		The one door: an HTTP request of the token service, whole.
 */
#ifndef PGT_DOOR_H
#define PGT_DOOR_H

#include "base/compat.h"

#include "http/http.h"

/*
 * Answers it: whose it is by host and path, which endpoint by path and method.
 * Afterwards x has status and headers; the body is returned, NULL: there is none.
 * What is raised is the layer's 500 or 503.  In a transaction that may not write,
 * what must be remembered is refused with 503.
 */
extern char *door_handle(const HttpRequest *request, HttpExchange *x);

/*
 * Where it belongs when there are so many shards: a shard's number, any, all or
 * configuration (request_place.h).  Nothing of it is looked up but its issuer's path.
 */
extern char *door_shard_of(const HttpRequest *request, uint32 shards);

/* as StringsNth: by what name requests of an endpoint are counted (base/counters.h) */
extern const char *door_endpoint(int n);

#endif /* PGT_DOOR_H */
