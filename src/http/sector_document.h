/*
 * sector_document.h
 *		The document of a sector_identifier_uri: the redirect URIs of a sector (OpenID
 *		Connect Core section 8.1).
 */
#ifndef PGT_SECTOR_DOCUMENT_H
#define PGT_SECTOR_DOCUMENT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "base/errors.h"
#include "tables/issuer.h"

/* that of metadata where claims, which win, have none; claims NULL: there are none; NULL: neither has one */
extern char *sector_document_uri(Jsonb *metadata, Jsonb *claims);

/*
 * Does it list all redirect URIs of the client with this metadata?  Also where it names
 * no such document.  PGT_ERR_WAIT: it is being fetched.  PGT_ERR_REGISTRATION_METADATA,
 * noted, with a *sentence for the client.
 */
extern PgtErr sector_document_check(const Issuer *issuer, Jsonb *metadata, Jsonb *claims,
									char **sentence);

#endif /* PGT_SECTOR_DOCUMENT_H */
