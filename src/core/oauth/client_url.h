/*
 * client_url.h
 *		client_ids that are URLs of metadata (draft-ietf-oauth-client-id-metadata-document).
 */
#ifndef PGT_CORE_CLIENT_URL_H
#define PGT_CORE_CLIENT_URL_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_CLIENT_URL_PREFIX "https://"
#define PGTC_CLIENT_URL_MAX 255 /* bytes, as of any client_id */

typedef struct PgtcClientUrl
{
	PgtcSlice host;
	PgtcSlice authority; /* the host, and ":port" where there is one */
} PgtcClientUrl;

/*
 * Section 3 of the draft, and no more spellings than one: https and the host in lower
 * case, a path, no userinfo, fragment, query or dot segment, however it is encoded.  The
 * host is a name with a dot that leads out of this machine as far as a name tells: no
 * address in whatever notation, nothing below localhost, no port 443 or with a zero in front.
 * PGTC_E_MALFORMED, PGTC_E_TOO_LONG.
 */
extern PgtcCode pgtc_client_url_read(PgtcSlice client_id, PgtcClientUrl *out);

#endif /* PGT_CORE_CLIENT_URL_H */
