/*
 * mint.h
 *		Signed tokens of a family: access token (RFC 9068) and ID token (OpenID
 *		Connect Core section 2).
 */
#ifndef PGT_MINT_H
#define PGT_MINT_H

#include "compat.h"

#include "client.h"
#include "core/ids.h"
#include "grant.h"
#include "target.h"

typedef struct Minted
{
	char *access_token;
	char *id_token; /* NULL without the openid scope */
	char jti[PGTC_JTI_LEN + 1];
	const char *kid;
	TimestampTz expires_at;
	int expires_in;
} Minted;

/*
 * Signs with the issuer's active key of the client's algorithm; ereport(55000)
 * when there is none.  first_issue: the ID token echoes the family's nonce.  That of
 * a refresh has none, and keeps the auth_time of the original authentication (OpenID
 * Connect Core section 12.2), whatever has been proved since: clients compare it, and
 * discard what comes with another.  acr and amr are those of the last proof in both
 * tokens: who has asked for an acr looks for it there, and nobody compares them.
 * generation and retry: where the ledger will have them, retry at the least.
 */
extern void mint_tokens(const Client *client, const Grant *grant, const Target *target,
						int generation, int retry, TimestampTz now, bool first_issue, Minted *out);

#endif /* PGT_MINT_H */
