/*
 * document_trip.h
 *		Clients of a document, where another database writes the configuration.
 *
 * A shard that does not know such a client sends the request to the configuration
 * primary.  There the document is fetched, and the request goes back to the shard that
 * it belongs to, which has heard of the client meanwhile, or sends it once more.
 */
#ifndef PGT_DOCUMENT_TRIP_H
#define PGT_DOCUMENT_TRIP_H

#include "base/compat.h"

#include "endpoints/request_place.h"
#include "http/http.h"

/* does it go there, or back, or wait?  Then its answer is complete: status 0 */
extern bool document_trip(HttpExchange *x, PlaceRule rule);

#endif /* PGT_DOCUMENT_TRIP_H */
