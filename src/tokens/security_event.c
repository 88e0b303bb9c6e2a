/*
 * security_event.c
 *		Security event tokens (RFC 8417 section 2).
 *
 * They have neither sub nor exp (Shared Signals Framework section 4.1), so that none
 * passes for an ID token or an access token; nor does their typ.
 */
#include "tokens/security_event.h"

#include "base/cache.h"
#include "base/moment.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "tables/client.h"
#include "tables/issuer.h"
#include "tokens/statement.h"

/* the client's own, or where nobody else can verify by that the issuer's */
static const PgtcAlg *
alg_for(const Client *client)
{
	const PgtcAlg *alg = statement_alg(client, NULL);
	const PgtcAlg *common = issuer_get(client->issuer)->default_alg;

	if (alg == NULL && common->kty != PGTC_KTY_OCT)
		alg = common;
	if (alg == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("there is no key that a receiver can verify signals by"),
						errhint("Give the client a signing_alg other than HS256.")));
	return alg;
}

char *
security_event_token(const char *client_id, const char *aud, const char *jti, TimestampTz at,
					 Jsonb *claims)
{
	const Client *client;
	PgtcTokenSpec spec;
	PgtcSlice audience = pgtc_slice_str(aud);

	cache_begin();
	client = client_find(client_id);
	if (client == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such client"),
						errdetail("The client \"%s\" has not been created.", client_id)));
	spec = statement_for(client, "secevent+jwt");
	spec.aud = &audience;
	spec.jti = pgtc_slice_str(jti);
	spec.iat = moment_unix(at);
	return statement_sign_by(client, alg_for(client), &spec, claims);
}
