/*
 * password.c
 *		Use case: tokens for a user name and a password (RFC 6749 section 4.3),
 *		which RFC 9700 section 2.4 forbids: off unless the issuer has a verifier.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "grant_refusal.h"
#include "json_members.h"
#include "refused_request.h"
#include "request.h"
#include "token_endpoint.h"
#include "user_function.h"

/* what the application's verifier says of the user; NULL: not him */
static Jsonb *
verify_password(const TokenRequest *request, const char *username, const char *password)
{
	const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum args[3];

	args[0] = CStringGetTextDatum(username);
	args[1] = CStringGetTextDatum(password);
	args[2] = CStringGetTextDatum(request->client->client_id);
	return user_function_call(request->x->issuer->password_verifier, lengthof(types), types, args);
}

/* checked as the arguments of issue_tokens are */
static void
describe_user(Jsonb *user, IssueRequest *issue)
{
	issue->subject = member_string(user, "subject");
	issue->acr = member_string(user, "acr");
	issue->amr = member_strings(user, "amr", &issue->n_amr);
	if (issue->subject == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the issuer's password verifier has not named the subject"),
						errhint("It must return NULL, or {\"subject\": \"...\"} with acr and amr "
								"where they are known.")));
	request_subject(issue->subject);
	request_string(issue->acr, "acr");
	request_strings(issue->amr, issue->n_amr, "amr");
}

void
grant_password(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_issue_request(request, "password");
	char *username = http_param(request->x, "username");
	char *password = http_param(request->x, "password");
	Jsonb *user = NULL;
	PgtErr err = PGT_OK;

	if (request->x->issuer->password_verifier == NULL)
		err = PGT_ERR_PASSWORD_OFF;
	else if (username == NULL || password == NULL)
		err = refused(PGT_ERR_REQUEST_PARAMETER, username ? "password" : "username", NULL, NULL);
	else
	{
		user = verify_password(request, username, password);
		if (user == NULL)
			err = PGT_ERR_PASSWORD_WRONG;
	}
	if (err != PGT_OK)
	{
		grant_refuse(request, "issue.refused", err, NULL, NULL, response);
		return;
	}

	describe_user(user, &issue);
	issue.offline = true;
	issue_tokens(&issue, response);
}
