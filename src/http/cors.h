/*
 * cors.h
 *		What scripts of other origins may do (WHATWG Fetch section 3.2).
 *
 * Any origin may call, since no cookie counts here; or, where
 * pgtoken.http_cors_origins names some, those and no others.
 */
#ifndef PGT_CORS_H
#define PGT_CORS_H

#include "base/compat.h"

#include "http/http.h"

/* a browser asks whether a script may send the request that it describes */
extern bool cors_is_preflight(const HttpRequest *request);

/* the answer of a preflight: the origin may call by these methods */
extern void cors_preflight(HttpExchange *x, const char *methods);

/* the answer may be read by scripts */
extern void cors_decorate(HttpExchange *x);

#endif /* PGT_CORS_H */
