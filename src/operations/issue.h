/*
 * issue.h
 *		Use case: issue tokens, start a family.
 */
#ifndef PGT_ISSUE_H
#define PGT_ISSUE_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/begun.h"
#include "tables/authentication.h"
#include "tables/confirmation.h"
#include "tables/grant.h"
#include "tables/lifespan.h"
#include "tokens/response.h"

typedef struct IssueRequest
{
	const pg_uuid_t *grant_id; /* NULL: a new one */
	const Begun *begun; /* when what leads to the family was made; NULL: it begins now */
	const char *grant_type;
	bool offline; /* may a refresh token come of it? */
	bool no_user; /* the subject is the client itself: no scopes of OpenID Connect */
	Lifespan lifespan; /* at the most */
	Confirmation cnf;
	Jsonb *act; /* NULL: nobody acts for the subject */
	bool impersonated; /* the caller has said who acts (impersonation.h): no ID token, no step-up */
	const pg_uuid_t *ancestors;
	int n_ancestors;
	char **ancestor_tokens; /* the jti of each one's token */
	const char *client_id;
	const char *client_auth_method; /* NULL: not at an endpoint */
	const pg_uuid_t
		*client_secret_id; /* by which the client has proved itself there; NULL: by none */
	Authentication auth;
	const char *scope; /* NULL: all the client may have */
	char **resources;
	int n_resources;
	char **first_resources; /* the first access token is for these only, the family for all */
	int n_first_resources; /* 0: for all */
	const char
		*details; /* JSON text: the first access token has no more of auth.details; NULL: all */
	const char *nonce;
	Jsonb *claims_request; /* NULL: no single claims were asked for */
	const char *transaction_id; /* a step-up that was completed; NULL: none */
	struct Issue *prepared; /* by issue_assess; NULL: not yet */
	Jsonb *context;
	Jsonb *signed_in_context; /* of the browser that the subject has signed in with, where the
								 request is another program's; NULL: nobody has said */
} IssueRequest;

/*
 * May the request go on?  For who consumes something (a code) before he issues:
 * false, with the response filled and the audit written, leaves it as it is.
 */
extern bool issue_assess(IssueRequest *request, TokenResponse *response);

extern void issue_tokens(IssueRequest *request, TokenResponse *response);

#endif /* PGT_ISSUE_H */
