/*
 * grant_refusal.h
 *		How the grants of the token endpoint say no.
 */
#ifndef PGT_GRANT_REFUSAL_H
#define PGT_GRANT_REFUSAL_H

#include "base/compat.h"

#include "endpoints/grants/token_request.h"
#include "tokens/response.h"

/* sets response->err and writes the event where one is due; grant_id and subject: NULL where unknown */
extern void grant_refusal_set(const TokenRequest *request, const char *event, PgtErr err,
							  const pg_uuid_t *grant_id, const char *subject,
							  TokenResponse *response);

#endif /* PGT_GRANT_REFUSAL_H */
