/*
 * registration_endpoint.h
 *		Clients register themselves (RFC 7591) and manage that (RFC 7592).
 */
#ifndef PGT_REGISTRATION_ENDPOINT_H
#define PGT_REGISTRATION_ENDPOINT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

extern Jsonb *registration_endpoint(HttpExchange *x);

/* what x->name registered as: read, changed, removed */
extern Jsonb *registration_endpoint_manage(HttpExchange *x);

#endif /* PGT_REGISTRATION_ENDPOINT_H */
