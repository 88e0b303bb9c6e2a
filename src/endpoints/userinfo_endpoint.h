/*
 * userinfo_endpoint.h
 *		Use case: what the subject of an access token is called (OpenID Connect
 *		Core section 5.3).
 */
#ifndef PGT_USERINFO_ENDPOINT_H
#define PGT_USERINFO_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* NULL: refused, see status and headers */
extern char *userinfo_endpoint(HttpExchange *x);

#endif /* PGT_USERINFO_ENDPOINT_H */
