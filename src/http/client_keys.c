/*
 * client_keys.c
 *		A client's public keys.
 */
#include "http/client_keys.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/jwks.h"
#include "tables/document.h"

#define NEWER \
	10 /* seconds; who sends what does not verify has no more fetched than one in that time */

/* newer: not such as were fetched longer than a moment ago */
static PgtErr
read_keys(const Issuer *issuer, const PublicKeys *keys, bool newer, char **jwks)
{
	TimestampTz fetched_at;
	TimestampTz at_least = DT_NOBEGIN;

	*jwks = unconstify(char *, keys->jwks);
	if (keys->jwks)
		return PGT_OK;
	if (keys->jwks_uri == NULL)
		return refused(PGT_ERR_CLIENT_KEYS, "jwks", NULL, "jwks or jwks_uri");
	if (newer)
		at_least = GetCurrentTimestamp() - NEWER * USECS_PER_SEC;
	switch (document_get(issuer, DOCUMENT_JWKS, keys->jwks_uri, at_least, jwks, &fetched_at))
	{
		case DOCUMENT_HERE:
			/* as courier_done() has checked it, by the same rules */
			if (pgtc_jwks_check(pgtc_slice_str(*jwks)) == PGTC_OK)
				return PGT_OK;
			break;
		case DOCUMENT_WANTED:
			return PGT_ERR_WAIT;
		case DOCUMENT_MISSING:
			break;
	}
	return refused(PGT_ERR_CLIENT_KEYS, "jwks_uri", NULL, keys->jwks_uri);
}

PgtErr
client_keys_verify_by(const Issuer *issuer, const PublicKeys *keys, const PgtcJws *jws,
					  const PgtcJwsHeader *header, bool *verified)
{
	*verified = false;
	for (int newer = 0; newer <= 1; newer++)
	{
		char *jwks;
		PgtErr err = read_keys(issuer, keys, newer, &jwks);

		/* that there are none newer does not make it a good one */
		if (err != PGT_OK)
			return newer && err == PGT_ERR_CLIENT_KEYS ? PGT_OK : err;
		*verified = pgtc_jwks_verify(jws, header, pgtc_slice_str(jwks), &glue_mem) == PGTC_OK;
		if (*verified || keys->jwks_uri == NULL)
			break;
	}
	return PGT_OK;
}

PgtErr
client_keys_verify(const Issuer *issuer, const Client *client, const PgtcJws *jws,
				   const PgtcJwsHeader *header, bool *verified)
{
	const PublicKeys keys = {client->jwks, client->jwks_uri};

	return client_keys_verify_by(issuer, &keys, jws, header, verified);
}

PgtErr
client_keys_has_certificate(const Issuer *issuer, const Client *client, const char *thumbprint,
							bool *has)
{
	const PublicKeys keys = {client->jwks, client->jwks_uri};

	*has = false;
	for (int newer = 0; newer <= 1 && !*has; newer++)
	{
		char *jwks;
		PgtErr err = newer && keys.jwks_uri == NULL ? PGT_ERR_CLIENT_KEYS
													: read_keys(issuer, &keys, newer, &jwks);

		if (err != PGT_OK)
			return newer && err == PGT_ERR_CLIENT_KEYS ? PGT_OK : err;
		*has = pgtc_jwks_has_certificate(pgtc_slice_str(jwks), thumbprint, &glue_mem);
	}
	return PGT_OK;
}
