/*
 * http_body.h
 *		The body of a request: what it is said to be, and reading one that is JSON.
 */
#ifndef PGT_HTTP_BODY_H
#define PGT_HTTP_BODY_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

/* who sends no type is believed to send what is wanted */
extern bool http_body_is_of_type(const HttpExchange *x, const char *media_type);

/* RFC 9110 section 15.5.16: what came is not what was sent, and nobody here can make it so */
extern bool http_body_is_compressed(const HttpExchange *x);

/*
 * A JSON object (application/json) that no member is twice in; palloc'd.
 * PGT_ERR_REQUEST_TOO_LARGE, _ENCODING, _NOT_JSON, PGT_ERR_REGISTRATION_BODY.
 */
extern PgtErr http_body_json(const HttpExchange *x, Jsonb **object);

#endif /* PGT_HTTP_BODY_H */
