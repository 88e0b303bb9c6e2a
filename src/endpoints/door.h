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

/* as StringsNth: by what name requests of an endpoint are counted (base/counters.h) */
extern const char *door_endpoint(int n);

#endif /* PGT_DOOR_H */
