/*
 * client_credentials_grant.c
 *		Use case: a client gets an access token for itself (RFC 6749 section 4.4).
 */
#include "endpoints/grants/client_credentials_grant.h"

#include "base/refused.h"
#include "base/request.h"
#include "operations/issue.h"
#include "tokens/response.h"

void
client_credentials_grant(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_CLIENT_CREDENTIALS);
	PgtErr err = PGT_OK;

	/* RFC 9068 section 5: no user can have this subject */
	issue.auth.subject = psprintf("%s%s", CLIENT_SUBJECT_PREFIX, request->client->client_id);
	/* RFC 6749 section 4.4: a public client has no credentials */
	if (!request->client->confidential)
		err = refused(PGT_ERR_CLIENT_GRANT_TYPE, "client_type", "public", "confidential");
	if (err == PGT_OK)
		err = token_request_follow(request, issue.auth.subject, NULL);
	if (err == PGT_OK)
		err = token_request_details(request, &issue);
	if (err == PGT_OK)
		issue_tokens(&issue, response);
	else
		token_request_refuse(request, "issue.refused", err, NULL, NULL, response);
}
