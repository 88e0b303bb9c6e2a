/*
 * grant_type.h
 *		The grant types of the token endpoint.
 */
#ifndef PGT_GRANT_TYPE_H
#define PGT_GRANT_TYPE_H

#include "base/compat.h"

typedef enum GrantType
{
	GRANT_TYPE_AUTHORIZATION_CODE,
	GRANT_TYPE_REFRESH_TOKEN,
	GRANT_TYPE_CLIENT_CREDENTIALS,
	GRANT_TYPE_DEVICE_CODE,
	GRANT_TYPE_TOKEN_EXCHANGE,
	GRANT_TYPE_JWT_BEARER,
	GRANT_TYPE_PASSWORD,
	GRANT_TYPES /* how many */
} GrantType;

/* as StringsNth, too: NULL past the last one */
extern const char *grant_type_name(int type);

/* has a user logged in to the client that gets the tokens?  By whatever else a family has come about, one has. */
extern bool grant_type_has_user(const char *name);

#endif /* PGT_GRANT_TYPE_H */
