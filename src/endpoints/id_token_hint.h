/*
 * id_token_hint.h
 *		ID tokens of ours that come back as hints (OpenID Connect Core section
 *		3.1.2.1, RP-Initiated Logout section 2).
 */
#ifndef PGT_ID_TOKEN_HINT_H
#define PGT_ID_TOKEN_HINT_H

#include "base/compat.h"

#include "core/jose/claims.h"
#include "tables/client.h"
#include "tables/issuer.h"

typedef enum IdTokenHint
{
	HINT_BAD, /* no ID token, not this issuer's, or of a key that may be known to somebody */
	HINT_PAST, /* of a key at its end that has left nothing to verify with: as if there were no hint */
	HINT_GOOD
} IdTokenHint;

/*
 * The claims of an ID token that this issuer signed, expired or not; NULL unless it
 * is good.  That its key has come to its end since is no fault of the hint's.
 */
extern IdTokenHint id_token_hint_read(const Issuer *issuer, const char *hint,
									  const PgtcClaims **claims);

/*
 * Its sub, as the client sees it, NULL where it is past; false when it is not an ID
 * token made for the client.
 */
extern bool id_token_hint_subject(const Issuer *issuer, const Client *client, const char *hint,
								  char **subject);

#endif /* PGT_ID_TOKEN_HINT_H */
