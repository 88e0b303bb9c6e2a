/*
 * dpop_proof.h
 *		DPoP proofs of requests (RFC 9449).
 */
#ifndef PGT_DPOP_PROOF_H
#define PGT_DPOP_PROOF_H

#include "base/compat.h"

#include "http/http.h"
#include "tables/client.h"

/*
 * The proof in the DPoP header: *jkt is the thumbprint of its key, NULL when there
 * is no proof.  client: whose it is, NULL when it is gone.  access_token: the token it goes with, whose hash it must carry;
 * NULL at endpoints that take none.  Each proof is let in once, except in a
 * transaction that is read-only, which cannot remember it.  Sets DPoP-Nonce
 * where the issuer wants nonces.
 */
extern PgtErr dpop_proof(HttpExchange *x, const Client *client, const char *method, const char *url,
						 const char *access_token, char **jkt);

#endif /* PGT_DPOP_PROOF_H */
