/*
 * client_keys.c
 *		A client's public keys.
 */
#include "http/client_keys.h"

#include "utils/timestamp.h"

#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/jwks.h"
#include "tables/document.h"

#define NEWER \
	10 /* seconds; who sends what does not verify has no more fetched than one in that time */

PgtErr
client_keys(const Issuer *issuer, const Client *client, bool newer, char **jwks)
{
	TimestampTz fetched_at;
	TimestampTz at_least = DT_NOBEGIN;

	*jwks = client->jwks;
	if (client->jwks)
		return PGT_OK;
	if (client->jwks_uri == NULL)
		return refused(PGT_ERR_CLIENT_KEYS, "jwks", NULL, "jwks or jwks_uri");
	if (newer)
		at_least = GetCurrentTimestamp() - NEWER * USECS_PER_SEC;
	switch (document_get(issuer, DOCUMENT_JWKS, client->jwks_uri, at_least, jwks, &fetched_at))
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
	return refused(PGT_ERR_CLIENT_KEYS, "jwks_uri", NULL, client->jwks_uri);
}
