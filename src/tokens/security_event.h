/*
 * security_event.h
 *		Security event tokens (RFC 8417), as the Shared Signals Framework has them.
 */
#ifndef PGT_SECURITY_EVENT_H
#define PGT_SECURITY_EVENT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/* claims: those beside iss, aud, iat and jti; ereport(22023) for a client that there is not */
extern char *security_event_token(const char *client_id, const char *aud, const char *jti,
								  TimestampTz at, Jsonb *claims);

#endif /* PGT_SECURITY_EVENT_H */
