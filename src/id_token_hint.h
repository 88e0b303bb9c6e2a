/*
 * id_token_hint.h
 *		ID tokens of ours that come back as hints (OpenID Connect Core section
 *		3.1.2.1, RP-Initiated Logout section 2).
 */
#ifndef PGT_ID_TOKEN_HINT_H
#define PGT_ID_TOKEN_HINT_H

#include "compat.h"

#include "client.h"
#include "core/claims.h"
#include "issuer.h"

/* the claims of an ID token that this issuer signed, expired or not; NULL for anything else */
extern const PgtcClaims *id_token_hint_read(const Issuer *issuer, const char *hint);

/* its sub, as the client sees it; false when it is not an ID token made for the client */
extern bool id_token_hint_subject(const Issuer *issuer, const Client *client, const char *hint,
								  char **subject);

#endif /* PGT_ID_TOKEN_HINT_H */
