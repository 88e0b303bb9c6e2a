/*
 * password_grant.c
 *		Use case: tokens for a user name and a password (RFC 6749 section 4.3),
 *		which RFC 9700 section 2.4 forbids: off unless the issuer has a verifier.
 */
#include "endpoints/grants/password_grant.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/user_function.h"
#include "http/hop.h"
#include "http/http.h"
#include "operations/issue.h"
#include "tokens/response.h"

/* what the shard that has verified it tells the user's */
#define VOUCHED "user"

/* a password, and whose it is */
typedef struct Verification
{
	const TokenRequest *request;
	const char *username;
	const char *password;
	IssueRequest *issue; /* subject NULL: nobody's */
} Verification;

/* checked as the arguments of issue_tokens are */
static void
describe_user(Jsonb *user, Authentication *auth)
{
	auth->subject = member_string(user, "subject");
	auth->acr = member_string(user, "acr");
	auth->amr = member_strings(user, "amr", &auth->n_amr);
	if (auth->subject == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the issuer's password verifier has not named the subject"),
						errhint("It must return NULL, or {\"subject\": \"...\"} with acr and amr "
								"where they are known.")));
	authentication_check(auth);
}

/* what the application's verifier says of the user */
static void
verify_password(void *arg)
{
	const Verification *verification = arg;
	const TokenRequest *request = verification->request;
	const Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum args[3];
	Jsonb *user;

	args[0] = CStringGetTextDatum(verification->username);
	args[1] = CStringGetTextDatum(verification->password);
	args[2] = CStringGetTextDatum(request->client->client_id);
	user = user_function_call(request->x->issuer->password_verifier, lengthof(types), types, args);
	if (user)
		describe_user(user, &verification->issue->auth);
}

/* to the shard of the user, which is told who it is: the password is judged, and failures are counted, once */
static PgtErr
follow(const TokenRequest *request, const Authentication *auth)
{
	Object user;
	Object vouched;

	object_begin(&user);
	object_string(&user, "subject", auth->subject);
	object_string(&user, "acr", auth->acr);
	if (auth->n_amr >= 0)
		object_strings(&user, "amr", auth->amr, auth->n_amr);
	object_begin(&vouched);
	object_jsonb(&vouched, VOUCHED, object_end(&user));
	return token_request_follow(request, auth->subject, object_end(&vouched));
}

static PgtErr
judge(const TokenRequest *request, IssueRequest *issue)
{
	Verification verification = {.request = request,
								 .username = http_param(request->x, "username"),
								 .password = http_param(request->x, "password"),
								 .issue = issue};
	Jsonb *vouched = hop_carried_member(request->x, VOUCHED);
	PgtErr err;

	if (request->x->issuer->password_verifier == NULL)
		return PGT_ERR_PASSWORD_OFF;
	if (verification.username == NULL || verification.password == NULL)
		return refused(PGT_ERR_REQUEST_PARAMETER, verification.username ? "password" : "username",
					   NULL, NULL);
	if (vouched)
		describe_user(vouched, &issue->auth);
	else if (!user_function_guard(verify_password, &verification))
		return PGT_ERR_USER_FUNCTION;
	if (issue->auth.subject == NULL)
		return PGT_ERR_PASSWORD_WRONG;
	err = follow(request, &issue->auth);
	return err == PGT_OK ? token_request_details(request, issue) : err;
}

void
password_grant(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_PASSWORD);
	PgtErr err = judge(request, &issue);

	if (err != PGT_OK)
	{
		token_request_refuse(request, "issue.refused", err, NULL, NULL, response);
		return;
	}

	issue.offline = true;
	issue_tokens(&issue, response);
}
