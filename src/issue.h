/*
 * issue.h
 *		Use case: issue tokens, start a family.
 */
#ifndef PGT_ISSUE_H
#define PGT_ISSUE_H

#include "compat.h"

#include "response.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

typedef struct IssueRequest
{
	const char *client_id;
	const char *subject;
	const char *scope; /* NULL: all the client may have */
	char **resources;
	int n_resources;
	bool has_auth_time;
	TimestampTz auth_time;
	const char *acr;
	char **amr;
	int n_amr; /* -1: none given */
	const char *nonce;
	const char *session_id;
	Jsonb *claims;
	Jsonb *context;
} IssueRequest;

extern void issue_tokens(const IssueRequest *request, TokenResponse *response);

#endif /* PGT_ISSUE_H */
