/*
 * client_auth.h
 *		Client authentication at an HTTP endpoint (RFC 6749 section 2.3, RFC 7523
 *		section 2.2, RFC 8705 section 2).
 */
#ifndef PGT_CLIENT_AUTH_H
#define PGT_CLIENT_AUTH_H

#include "base/compat.h"

#include "http/http.h"
#include "tables/client.h"

/*
 * Who is asking?  A confidential client proves itself by the method it is
 * registered for (a secret by Basic or in the form, unless one is named); a public
 * one names itself.  Failures are audited.
 *
 * Of several shards the one where the client's own tokens lie takes its assertions, so
 * that each is good once in all: PGT_ERR_ELSEWHERE on the way there and back (hop.h).
 */
extern PgtErr client_auth(HttpExchange *x, const Client **client);

/* the same for who sees to the way back himself: it can be a shard that is not the request's home */
extern PgtErr client_auth_midway(HttpExchange *x, const Client **client);

/*
 * The certificate the proxy has seen, where its header is believed: *thumbprint is
 * palloc'd, NULL: none.
 */
extern PgtErr client_auth_certificate(const HttpExchange *x, char **thumbprint);

/* whom the request says to come from, not proved; NULL: nobody, or it cannot be read */
extern char *client_auth_name(const HttpExchange *x);

/* does the request name a client, or say anything to prove one? */
extern bool client_auth_presented(const HttpExchange *x);

#endif /* PGT_CLIENT_AUTH_H */
