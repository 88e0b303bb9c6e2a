/*
 * client_keys.h
 *		A client's public keys: those of its metadata, or those that its jwks_uri names
 *		(RFC 7591 section 2).
 */
#ifndef PGT_CLIENT_KEYS_H
#define PGT_CLIENT_KEYS_H

#include "base/compat.h"

#include "base/errors.h"
#include "core/jose/jws.h"
#include "tables/client.h"
#include "tables/issuer.h"

/*
 * *jwks: a JWK Set, JSON text, palloc'd or the client's.  newer: with those that are
 * there it did not verify, so not such as were fetched longer than a moment ago; where
 * that may be asked for, the answer to a key that has just been changed is right at once.
 *
 * PGT_ERR_WAIT: they are being fetched, and nothing of the request may count as used.
 * PGT_ERR_CLIENT_KEYS, noted: the client has none, or they cannot be had now.
 */
extern PgtErr client_keys(const Issuer *issuer, const Client *client, bool newer, char **jwks);

/*
 * *verified: by one of them, also by one that was changed a moment ago.  The same errors,
 * where nothing can be said.
 */
extern PgtErr client_keys_verify(const Issuer *issuer, const Client *client, const PgtcJws *jws,
								 const PgtcJwsHeader *header, bool *verified);

#endif /* PGT_CLIENT_KEYS_H */
