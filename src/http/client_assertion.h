/*
 * client_assertion.h
 *		JWTs that clients authenticate with (RFC 7523 section 2.2).
 */
#ifndef PGT_CLIENT_ASSERTION_H
#define PGT_CLIENT_ASSERTION_H

#include "base/compat.h"

#include "http/http.h"
#include "tables/client.h"

#define CLIENT_ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* does it say that it is signed with a secret, and not by a private key? */
extern bool client_assertion_by_secret(const char *assertion);

/* whom it claims to come from, unverified: to find the client's keys; NULL */
extern char *client_assertion_subject(const char *assertion);

/*
 * Signature by the client's key or secret, iss = sub = client_id, aud, exp, and jti for
 * the first time.  PGT_ERR_WAIT, before the jti counts as used, where its keys are fetched.
 */
extern PgtErr client_assertion_check(const HttpExchange *x, Client *client, const char *assertion);

/* keep a secret, wrapped, so that client_secret_jwt can be verified with it */
extern void client_assertion_keep_secret(const char *client_id, const pg_uuid_t *secret_id,
										 const char *client_secret);

#endif /* PGT_CLIENT_ASSERTION_H */
