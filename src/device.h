/*
 * device.h
 *		Use case: a device without a browser asks for authorization (RFC 8628).
 */
#ifndef PGT_DEVICE_H
#define PGT_DEVICE_H

#include "compat.h"

#include "http.h"

extern Jsonb *device_authorization_endpoint(HttpExchange *x);

#endif /* PGT_DEVICE_H */
