/*
 * device_code_grant.h
 *		Use case: a device without a browser asks for authorization (RFC 8628).
 */
#ifndef PGT_DEVICE_CODE_GRANT_H
#define PGT_DEVICE_CODE_GRANT_H

#include "base/compat.h"

#include "http/http.h"

extern Jsonb *device_authorization_endpoint(HttpExchange *x);

#endif /* PGT_DEVICE_CODE_GRANT_H */
