/*
 * authorization_code_grant.c
 *		An authorization code is redeemed, once.
 *
 * Client binding -> hash -> redirect_uri, PKCE, key -> only then judge reuse: who
 * lacks the verifier must not be able to kill the family of somebody else's code.
 */
#include "endpoints/grants/authorization_code_grant.h"

#include "utils/timestamp.h"

#include "base/refused.h"
#include "core/base/slice.h"
#include "core/oauth/pkce.h"
#include "http/http.h"
#include "operations/issue.h"
#include "operations/revoke.h"
#include "tables/authorization_code.h"
#include "tables/not_before.h"
#include "tokens/response.h"

/* RFC 7636 section 4.6; RFC 9700 section 2.1.1: a verifier for a code without a challenge is a downgrade */
static bool
verifier_matches(const AuthorizationCode *code, const char *verifier)
{
	if (code->code_challenge == NULL || verifier == NULL)
		return code->code_challenge == NULL && verifier == NULL;
	return pgtc_pkce_verifier_valid(pgtc_slice_str(verifier)) &&
		   pgtc_pkce_matches(pgtc_slice_str(code->code_challenge), pgtc_slice_str(verifier));
}

static bool
redirect_uri_matches(const AuthorizationCode *code, const char *redirect_uri)
{
	if (code->redirect_uri == NULL)
		return true; /* RFC 6749 section 4.1.3 asks for it only where the authorization request had it */
	return redirect_uri && strcmp(code->redirect_uri, redirect_uri) == 0;
}

static PgtErr
judge(const TokenRequest *request, const AuthorizationCode *code)
{
	PgtErr err;

	if (code == NULL)
		return PGT_ERR_CODE_UNKNOWN;
	if (strcmp(code->client_id, request->client->client_id) != 0)
		return refused(PGT_ERR_CODE_OTHER_CLIENT, "client_id", request->client->client_id,
					   code->client_id);
	if (!redirect_uri_matches(code, http_param(request->x, "redirect_uri")))
		return refused(PGT_ERR_CODE_REDIRECT_URI, "redirect_uri",
					   http_param(request->x, "redirect_uri"), code->redirect_uri);
	if (!verifier_matches(code, http_param(request->x, "code_verifier")))
		return refused(PGT_ERR_PKCE_MISMATCH, "code_verifier", NULL,
					   code->code_challenge ? "of a code_challenge by S256" : "none");
	if (code->dpop_jkt &&
		(request->cnf.jkt == NULL || strcmp(code->dpop_jkt, request->cnf.jkt) != 0))
		return PGT_ERR_CODE_OTHER_KEY;
	if (code->redeemed)
		return PGT_ERR_CODE_REUSED;
	/* who approved it while everything of the subject or the client was being revoked */
	err = not_before_check(request->client, code->auth.subject, DT_NOBEGIN, &code->begun);
	if (err != PGT_OK)
		return err;
	return GetCurrentTimestamp() < code->expires_at
			   ? PGT_OK
			   : token_request_judge_expired(request, &code->grant_id, code->auth.subject,
											 PGT_ERR_CODE_EXPIRED);
}

static void
refuse(const TokenRequest *request, const AuthorizationCode *code, PgtErr err,
	   TokenResponse *response)
{
	bool reused = err == PGT_ERR_CODE_REUSED;
	RevokedFamily revoked;

	/* RFC 6749 section 4.1.2: what the code issued ends with its second use */
	if (reused)
		revoke_family(&code->grant_id, errors_info(err)->reason, &revoked);
	token_request_refuse(request, reused ? "code.reuse" : "code.refused", err,
						 code ? &code->grant_id : NULL, code ? code->auth.subject : NULL, response);
}

static void
describe_family(AuthorizationCode *code, IssueRequest *issue)
{
	issue->grant_id = &code->grant_id;
	issue->begun = &code->begun;
	issue->offline = true;
	issue->auth = code->auth;
	issue->scope = code->scope;
	issue->nonce = code->nonce;
	issue->claims_request = code->claims_request;
	issue->lifespan = code->lifespan;
	issue->signed_in_context = code->context;
}

void
authorization_code_grant(const TokenRequest *request, TokenResponse *response)
{
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_AUTHORIZATION_CODE);
	char *text = http_param(request->x, "code");
	AuthorizationCode *code = text ? authorization_code_find(text) : NULL;
	PgtErr err =
		text ? judge(request, code) : refused(PGT_ERR_REQUEST_PARAMETER, "code", NULL, NULL);

	if (err == PGT_OK)
		err = token_request_narrow(request, code->resources, code->n_resources, &issue);
	if (err == PGT_OK)
	{
		describe_family(code, &issue);
		/* a code that must wait for its user is not redeemed */
		if (!issue_assess(&issue, response))
			return;
		if (!authorization_code_redeem(code))
			err = PGT_ERR_CODE_REUSED;
	}
	if (err == PGT_OK)
		issue_tokens(&issue, response);
	else
		refuse(request, code, err, response);
}
