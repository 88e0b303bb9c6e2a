/*
 * http_context.h
 *		What is known of an HTTP request: the context that policies judge.
 */
#ifndef PGT_HTTP_CONTEXT_H
#define PGT_HTTP_CONTEXT_H

#include "base/compat.h"

#include "http/http.h"

/*
 * Members: user_agent (clipped); ip and what the layer says (peer.context), or
 * pgtoken.http_context_headers where a proxy stands before it; session_id and device_id of the form, unless a
 * header is to say them.  What is too long or malformed is left out: nothing in a
 * request makes this fail.
 */
extern Jsonb *http_context(const HttpExchange *x);

/* where the request has come from, as the layer or a proxy that it believes says; it is an address, or NULL */
extern const char *http_context_address(const HttpExchange *x);

#endif /* PGT_HTTP_CONTEXT_H */
