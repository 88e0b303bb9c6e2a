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

/* of a client, or of an issuer that is trusted */
typedef struct PublicKeys
{
	const char *jwks; /* a JWK Set, JSON text; NULL: at jwks_uri */
	const char *jwks_uri;
} PublicKeys;

/*
 * *verified: by one of the keys; where those that are there do not verify, and may be
 * older than a moment, newer ones are asked for, so that the answer to a key that has just
 * been changed is right at once.
 *
 * PGT_ERR_WAIT: they are being fetched, and nothing of the request may count as used.
 * PGT_ERR_CLIENT_KEYS, noted: there are none, or they cannot be had now.
 */
extern PgtErr client_keys_verify_by(const Issuer *issuer, const PublicKeys *keys,
									const PgtcJws *jws, const PgtcJwsHeader *header,
									bool *verified);

extern PgtErr client_keys_verify(const Issuer *issuer, const Client *client, const PgtcJws *jws,
								 const PgtcJwsHeader *header, bool *verified);

/*
 * *has: is this certificate, by its thumbprint, that of one of its keys (RFC 8705 section
 * 2.2)?  Errors, and newer keys, as above.
 */
extern PgtErr client_keys_has_certificate(const Issuer *issuer, const Client *client,
										  const char *thumbprint, bool *has);

#endif /* PGT_CLIENT_KEYS_H */
