/*
 * grant_type.c
 *		The grant types of the token endpoint.
 *
 * The only list of their names: metadata, messages and the checks of SQL read it, by
 * pgtoken.choices('grant_types').
 */
#include "tables/grant_type.h"

static const char *const names[] = {
	[GRANT_TYPE_AUTHORIZATION_CODE] = "authorization_code",
	[GRANT_TYPE_REFRESH_TOKEN] = "refresh_token",
	[GRANT_TYPE_CLIENT_CREDENTIALS] = "client_credentials",
	[GRANT_TYPE_DEVICE_CODE] = "urn:ietf:params:oauth:grant-type:device_code",
	[GRANT_TYPE_TOKEN_EXCHANGE] = "urn:ietf:params:oauth:grant-type:token-exchange",
	[GRANT_TYPE_JWT_BEARER] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
	[GRANT_TYPE_PASSWORD] = "password",
};

StaticAssertDecl(lengthof(names) == GRANT_TYPES, "every grant type has its name");

const char *
grant_type_name(int type)
{
	return type < GRANT_TYPES ? names[type] : NULL;
}

bool
grant_type_has_user(const char *name)
{
	return strcmp(name, names[GRANT_TYPE_CLIENT_CREDENTIALS]) != 0 &&
		   strcmp(name, names[GRANT_TYPE_TOKEN_EXCHANGE]) != 0 &&
		   strcmp(name, names[GRANT_TYPE_JWT_BEARER]) != 0;
}
