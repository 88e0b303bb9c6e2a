/*
 * mint.h
 *		Signed tokens of a family: access token (RFC 9068) and ID token (OpenID
 *		Connect Core section 2).
 */
#ifndef PGT_MINT_H
#define PGT_MINT_H

#include "base/compat.h"

#include "core/oauth/jti.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/lineage.h"
#include "tokens/response.h"
#include "tokens/target.h"

typedef struct Minted
{
	const Grant *grant;
	const Target *target;
	TimestampTz at;
	char *access_token;
	char *id_token; /* NULL without the openid scope */
	Jsonb *details; /* authorization_details of the access token; NULL: none */
	char jti[PGTC_JTI_LEN + 1];
	const char *kid;
	TimestampTz expires_at;
	int expires_in;
} Minted;

typedef struct MintRequest
{
	const Client *client;
	const Grant *grant;
	const Target *target;
	int generation; /* where the ledger will have them */
	int retry; /* at the least */
	TimestampTz now;
	bool first_issue; /* the ID token echoes the nonce, which that of a refresh has not */
	bool at_endpoint; /* what the application's claims function raises is an answer, not an error */
} MintRequest;

/*
 * Signs with the issuer's active key of the client's algorithm; ereport(55000)
 * when there is none.  PGT_ERR_USER_FUNCTION: with the application's claims there is
 * no token.  PGT_ERR_DPOP_MISSING, PGT_ERR_CERTIFICATE_MISSING: it would be a bearer
 * token, which the client's profile forbids.  The ID token of a refresh keeps the auth_time of the original
 * authentication (OpenID Connect Core section 12.2), whatever has been proved since:
 * clients compare it, and discard what comes with another.  acr and amr are those of
 * the last proof in both tokens: who has asked for an acr looks for it there, and
 * nobody compares them.
 */
extern PgtErr mint_tokens(const MintRequest *request, Minted *out);

/* into the ledger; what the tokens do not say themselves (generations, hash, context) is in the row */
extern void mint_record(const Minted *minted, LineageRow *row);

/* refresh_token: as it is handed out; NULL: none */
extern void mint_answer(const Minted *minted, const char *refresh_token, TimestampTz refresh_end,
						TokenResponse *response);

#endif /* PGT_MINT_H */
