/*
 * genuine.h
 *		Is a token one that we handed out?  Whether it still holds is another
 *		question.
 */
#ifndef PGT_GENUINE_H
#define PGT_GENUINE_H

#include "base/compat.h"

#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/oauth/jti.h"
#include "core/oauth/refresh_token.h"
#include "tables/grant.h"
#include "tables/signing_key.h"

/*
 * A refresh token as it was presented, taken apart: one of ours by its shape, else
 * generation 0 of a family that was imported, by the token of another server.  Whoever
 * is shown one reads it here.  false: it is neither; whether it is its family's is for
 * genuine_refresh_token().
 */
extern bool genuine_parse_refresh_token(const char *token, PgtcRefreshToken *out);

/*
 * Does the token carry the secret of its generation of this family?  Constant
 * time; generations before the last two are looked up in the ledger.
 */
extern bool genuine_refresh_token(const Grant *grant, const PgtcRefreshToken *token);

/* an access token whose header, key and signature are in order */
typedef struct GenuineAccessToken
{
	const SigningKey *key;
	const PgtcClaims *claims; /* valid as long as the current memory context */
	char *payload; /* JSON text */
	pg_uuid_t grant_id;
	PgtcJti jti; /* taken apart */
} GenuineAccessToken;

/*
 * false for anything else, an ID token included, and for a token whose family is
 * of another client or issuer than it says; times, audience and revocation are
 * not looked at
 */
extern bool genuine_access_token(PgtcSlice token, GenuineAccessToken *out);

/* the family of a genuine refresh token, which is taken apart; NULL */
extern Grant *genuine_family_of_refresh_token(const char *token, PgtcRefreshToken *parsed);

/* the family of a genuine access token, which must be its client's; NULL */
extern Grant *genuine_family_of_access_token(const char *token, GenuineAccessToken *access);

#endif /* PGT_GENUINE_H */
