/*
 * verify.h
 *		Use cases: does an access token hold now (RFC 9068 section 4)?  What is
 *		there to say of a token (RFC 7662)?
 */
#ifndef PGT_VERIFY_H
#define PGT_VERIFY_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/confirmation.h"

/*
 * The claims, or NULL when it does not hold; valid until the next call.
 * audience NULL: any.  proved: what the request has proved, which must be what the
 * token is bound to; NULL: the binding is not looked at.  ereport(PT503) on a
 * standby that is too far behind (replay_lag.h).
 */
extern Jsonb *verify_access_token(const char *token, size_t len, const char *audience,
								  const Confirmation *proved);

/*
 * The claims of a token that this backend has verified before and that holds
 * still, whatever it is meant for and bound to.  NULL: ask verify_access_token().
 * Reads no table, so it needs no rights.  Valid until the next verification.
 */
extern Jsonb *verify_seen_token(const char *token, size_t len);

/* is it one of the token's audiences? */
extern bool verify_audience(Jsonb *claims, const char *audience);

/* never NULL: {"active": false} unless the token could be used now */
extern Jsonb *verify_introspect(const char *token);

#endif /* PGT_VERIFY_H */
