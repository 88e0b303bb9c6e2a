/*
 * approval.h
 *		Use cases of the application's login page: look at an authorization
 *		request, approve it, deny it.
 */
#ifndef PGT_APPROVAL_H
#define PGT_APPROVAL_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "tables/authentication.h"
#include "tables/lifespan.h"

typedef struct Approval
{
	const char *transaction_id;
	const char *consent; /* scopes agreed to just now; NULL: none */
	Authentication auth;
	Jsonb *context;
	Jsonb *details; /* as agreed to (RFC 9396); NULL: as asked for */
	Lifespan lifespan; /* of the family, at the most */
} Approval;

typedef struct AuthorizationResponse
{
	const char *redirect_uri; /* NULL: the transaction is still open, or never was */
	const char *error;
	const char *error_description;
} AuthorizationResponse;

/* what the login or logout page needs to know; NULL: no such transaction */
extern Jsonb *approval_describe(const char *transaction_id);

/* the scopes still to be consented to, space-delimited; NULL: no such transaction */
extern char *approval_missing_consent(const char *transaction_id, const char *subject);

extern void approval_give(const Approval *approval, AuthorizationResponse *response);

/* ereport(22023) for an error that is not one of the authorization endpoint */
extern void approval_deny(const char *transaction_id, const char *error, const char *description,
						  AuthorizationResponse *response);

#endif /* PGT_APPROVAL_H */
