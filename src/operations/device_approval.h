/*
 * device_approval.h
 *		Use case: the user types the code that his device shows, and the
 *		application answers for him (RFC 8628 section 3.3).
 *
 * user_code: as typed.  attempt_key: who typed it; too many wrong codes of one
 * close the door for a while.  They speak for the issuer of the HTTP endpoints.
 */
#ifndef PGT_DEVICE_APPROVAL_H
#define PGT_DEVICE_APPROVAL_H

#include "base/compat.h"

#include "tables/device_code.h"

/* what the device asks for, or {"error": ...} */
extern Jsonb *device_approval_describe(const char *user_code, const char *attempt_key);

/* NULL: done; otherwise the name of an error.  scope NULL: all that was asked for */
extern const char *device_approval_give(const char *user_code, const char *attempt_key,
										const Authentication *auth, const char *scope,
										const Lifespan *lifespan);
extern const char *device_approval_deny(const char *user_code, const char *attempt_key);

#endif /* PGT_DEVICE_APPROVAL_H */
