/*
 * end_session_endpoint.h
 *		Use case: a client sends its user to log out (OpenID Connect RP-Initiated Logout).
 */
#ifndef PGT_END_SESSION_ENDPOINT_H
#define PGT_END_SESSION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* sends the browser to the application's logout page; a body only when it refuses */
extern char *end_session_endpoint(HttpExchange *x);

#endif /* PGT_END_SESSION_ENDPOINT_H */
