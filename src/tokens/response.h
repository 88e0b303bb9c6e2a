/*
 * response.h
 *		The answer of issue_tokens and refresh_grant: pgtoken.token_response.
 */
#ifndef PGT_RESPONSE_H
#define PGT_RESPONSE_H

#include "base/compat.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/errors.h"

typedef struct TokenResponse
{
	PgtErr err;
	const char *access_token;
	bool dpop_bound; /* token_type DPoP */
	int expires_in;
	const char *refresh_token; /* NULL: none */
	int refresh_token_expires_in;
	const char *id_token; /* NULL: none */
	const char *scope;
	Jsonb *details; /* RFC 9396 section 7; NULL: none */
	pg_uuid_t grant_id;
	const char *transaction_id; /* of a step-up (err is PGT_ERR_MFA_REQUIRED), as the next */
	Jsonb *factors;
	const char *issued_token_type; /* RFC 8693 section 2.2.1; NULL: not a token exchange */
} TokenResponse;

/* the row; fcinfo says which type the caller expects */
extern Datum response_row(FunctionCallInfo fcinfo, const TokenResponse *response);

/* a row of the composite type that the function is declared with, which has so many columns */
extern Datum response_tuple(FunctionCallInfo fcinfo, int columns, Datum *values, bool *nulls);

#endif /* PGT_RESPONSE_H */
