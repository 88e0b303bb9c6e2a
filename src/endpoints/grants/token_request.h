/*
 * token_request.h
 *		A request to the token endpoint, as the grant types are given it.
 */
#ifndef PGT_TOKEN_REQUEST_H
#define PGT_TOKEN_REQUEST_H

#include "base/compat.h"

#include "http/http.h"
#include "operations/issue.h"
#include "tables/client.h"
#include "tables/confirmation.h"
#include "tables/grant_type.h"
#include "tokens/response.h"

/* what a grant type's handler is given: the client is authenticated, and may use the grant type */
typedef struct TokenRequest
{
	HttpExchange *x;
	const Client *client;
	Confirmation cnf; /* proved by this request */
	Jsonb *context;
	const char *scope; /* NULL: not given */
	char **resources;
	int n_resources;
} TokenRequest;

/* fills the response, response->err when no tokens come of it */
typedef void (*GrantHandler)(const TokenRequest *request, TokenResponse *response);

/* an IssueRequest with what the token request says already in it */
extern IssueRequest token_request_issue(const TokenRequest *request, GrantType type);

/*
 * The resources of the issue: all that were granted for the family, those the
 * request names for its first access token (RFC 8707 section 2.2).
 */
extern PgtErr token_request_narrow(const TokenRequest *request, char **granted, int n_granted,
								   IssueRequest *issue);

/*
 * What has expired while its user proved another factor goes on as long as that
 * counts: PGT_OK when the request names a completed step-up of the family's first
 * issue that has not been used, otherwise expired, or what the step-up lacks.
 */
extern PgtErr token_request_judge_expired(const TokenRequest *request, const pg_uuid_t *grant_id,
										  const char *subject, PgtErr expired);

/* what a request asks for beyond scopes (RFC 9396) that begins a family by itself, with nobody to consent */
extern PgtErr token_request_details(const TokenRequest *request, IssueRequest *issue);

/*
 * PGT_ERR_ELSEWHERE, with what is told there, where the subject lies on another shard and
 * the request has to go on there; otherwise PGT_OK.
 */
extern PgtErr token_request_follow(const TokenRequest *request, const char *subject,
								   Jsonb *carried);

/* sets response->err and writes the event where one is due; grant_id and subject: NULL where unknown */
extern void token_request_refuse(const TokenRequest *request, const char *event, PgtErr err,
								 const pg_uuid_t *grant_id, const char *subject,
								 TokenResponse *response);

#endif /* PGT_TOKEN_REQUEST_H */
