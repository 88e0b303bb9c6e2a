/*
 * request_object.h
 *		Requests that come as a JWT which the client has signed (RFC 9101, OpenID Connect
 *		Core section 6).
 */
#ifndef PGT_REQUEST_OBJECT_H
#define PGT_REQUEST_OBJECT_H

#include "base/compat.h"

#include "http/http.h"
#include "tables/client.h"

/*
 * The parameter request, or what a request_uri names that the client is registered with and
 * that was not pushed, if there is one: the members of the object take the place of the
 * exchange's fields.  Those that came beside it fill in what the object does not have in
 * a request of OpenID Connect (section 6.1: response_type and a scope with openid stand
 * beside the object); otherwise, and always where alone is true, only client_id is left
 * of them (RFC 9101 section 6.3).  Refused: what is not the client's, not for this issuer
 * or not for now, another client_id or response_type than beside it; and no object at all
 * where the client must sign.  PGT_ERR_WAIT: it, or its keys, are being fetched.
 *
 * Also when it refuses, the fields are those of the object as far as it could be read:
 * only to find out where the error goes, which has to be a registered place as ever.
 */
extern PgtErr request_object_read(HttpExchange *x, const Client *client, bool alone);

/*
 * Before the client authenticates by an assertion, which is good once: PGT_ERR_WAIT while
 * keys are being fetched that its object may be signed by.  Nothing else is judged.
 */
extern PgtErr request_object_await_keys(const HttpExchange *x);

#endif /* PGT_REQUEST_OBJECT_H */
