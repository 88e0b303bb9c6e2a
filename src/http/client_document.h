/*
 * client_document.h
 *		Clients whose client_id is the URL of their metadata
 *		(draft-ietf-oauth-client-id-metadata-document).
 */
#ifndef PGT_CLIENT_DOCUMENT_H
#define PGT_CLIENT_DOCUMENT_H

#include "base/compat.h"

#include "base/errors.h"
#include "tables/client.h"
#include "tables/issuer.h"

/*
 * client_find(), where a request names a client that may be one of a document: that is
 * fetched, and the client is then what it says.  *client NULL: there is none, and where
 * that has to do with a document, *why says so to the administrator.  One that somebody
 * has registered under such a name is none of these.  PGT_ERR_WAIT: it is being fetched,
 * and nothing of the request may count as used.
 */
extern PgtErr client_document_find(const Issuer *issuer, const char *client_id, Client **client,
								   const char **why);

/* could it be one of these, by its name? */
extern bool client_document_is_name(const char *client_id);

/* would it be PGT_ERR_CONFIGURATION_ELSEWHERE? */
extern bool client_document_is_elsewhere(const Issuer *issuer, const char *client_id);

#endif /* PGT_CLIENT_DOCUMENT_H */
