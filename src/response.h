/*
 * response.h
 *		The answer of issue_tokens and refresh_grant: pgtoken.token_response.
 */
#ifndef PGT_RESPONSE_H
#define PGT_RESPONSE_H

#include "compat.h"

#include "errors.h"
#include "fmgr.h"
#include "utils/uuid.h"

typedef struct TokenResponse
{
	PgtErr err;
	const char *access_token;
	int expires_in;
	const char *refresh_token; /* NULL: none */
	int refresh_token_expires_in;
	const char *id_token; /* NULL: none */
	const char *scope;
	pg_uuid_t grant_id;
} TokenResponse;

/* the row; fcinfo says which type the caller expects */
extern Datum response_row(FunctionCallInfo fcinfo, const TokenResponse *response);

#endif /* PGT_RESPONSE_H */
