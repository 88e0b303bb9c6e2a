/*
 * resource_metadata.h
 *		Where the metadata of an API is (RFC 9728 section 3.1).
 *
 * The place is made of the API's identifier: /.well-known/oauth-protected-resource
 * comes between its authority and its path.
 */
#ifndef PGT_RESOURCE_METADATA_H
#define PGT_RESOURCE_METADATA_H

#include "base/compat.h"

#include "http/http_request.h"
#include "tables/issuer.h"

#define RESOURCE_METADATA_PATH "/.well-known/oauth-protected-resource"

/* is this the path of such a place, whether an API is there or not? */
extern bool resource_metadata_is_place(const char *path);

/*
 * The API of the issuer whose place host and path of the request are; where the host
 * is none of an API's, that of the session (pgtoken.http_resource) by the path alone.
 * NULL: there is none.
 */
extern const char *resource_metadata_resource(const Issuer *issuer, const HttpRequest *request);

/* whose API it is: the session's issuer, if it has one there, or else another; never NULL */
extern Issuer *resource_metadata_issuer(const HttpRequest *request);

/*
 * What a challenge of the session's API names (section 5.1):
 * pgtoken.http_resource_metadata, or else the place of pgtoken.http_resource.
 * NULL where that is not set, no web URL, or no API of the session's issuer.
 */
extern const char *resource_metadata_url(void);

#endif /* PGT_RESOURCE_METADATA_H */
