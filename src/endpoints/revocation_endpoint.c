/*
 * revocation_endpoint.c
 *		Use case: a client revokes a token of its own.
 *
 * A refresh token takes its family with it, an access token goes alone (RFC 7009
 * section 2.1).  What is unknown, ended or another client's is answered like a
 * success and changes nothing.
 */
#include "endpoints/revocation_endpoint.h"

#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/oauth/refresh_token.h"
#include "endpoints/id_token_hint.h"
#include "http/client_auth.h"
#include "http/http_context.h"
#include "operations/blacklist.h"
#include "operations/revoke.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tokens/genuine.h"

#define REASON "revoked_by_client"

/* consumed ones count as well: who has one had the family */
static const Grant *
own_family(const Client *client, const char *token)
{
	PgtcRefreshToken parsed;
	const Grant *grant = genuine_family_of_refresh_token(token, &parsed);

	return grant && strcmp(grant->client_id, client->client_id) == 0 ? grant : NULL;
}

static bool
is_own_access_token(const Client *client, const char *token)
{
	GenuineAccessToken access;

	return genuine_access_token(pgtc_slice_str(token), &access) &&
		   pgtc_slice_equal(access.claims->client_id, pgtc_slice_str(client->client_id));
}

/* the hint is not needed: the token says itself what it is (RFC 7009 section 2.1) */
static PgtErr
revoke_own(const HttpExchange *x, const Client *client, const char *token)
{
	const Grant *family = own_family(client, token);
	const AuditScope scope = {.client_id = client->client_id,
							  .subject = family ? family->auth.subject : NULL,
							  .context = http_context(x)};
	RevokedFamily revoked;
	BlacklistedToken blacklisted;
	const PgtcClaims *claims;

	audit_enter(&scope);
	if (family)
		revoke_family(&family->grant_id, REASON, &revoked);
	else if (is_own_access_token(client, token))
		blacklist_token(token, REASON, &blacklisted);
	audit_leave();
	return id_token_hint_read(x->issuer, token, &claims) == HINT_GOOD ? PGT_ERR_TOKEN_TYPE : PGT_OK;
}

Jsonb *
revocation_endpoint(HttpExchange *x)
{
	const Client *client;
	char *token = http_param(x, "token");
	PgtErr err = x->form_err;

	if (err == PGT_OK)
		err = client_auth(x, &client);
	if (err == PGT_OK && token == NULL)
		err = refused(PGT_ERR_REQUEST_PARAMETER, "token", NULL, NULL);
	if (err == PGT_OK)
		err = revoke_own(x, client, token);
	return err == PGT_OK ? NULL : http_error(x, err);
}
