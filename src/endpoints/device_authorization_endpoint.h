/*
 * device_authorization_endpoint.h
 *		Use case: a device without a browser asks for authorization (RFC 8628 section 3.1).
 */
#ifndef PGT_DEVICE_AUTHORIZATION_ENDPOINT_H
#define PGT_DEVICE_AUTHORIZATION_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

extern Jsonb *device_authorization_endpoint(HttpExchange *x);

#endif /* PGT_DEVICE_AUTHORIZATION_ENDPOINT_H */
