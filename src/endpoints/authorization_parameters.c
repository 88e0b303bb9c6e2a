/*
 * authorization_parameters.c
 *		Parameters of an authorization request, validated.
 */
#include "endpoints/authorization_parameters.h"

#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/request.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/oauth/pkce.h"
#include "core/oauth/scope.h"
#include "endpoints/id_token_hint.h"
#include "tokens/authorization_details.h"
#include "tokens/claims_request.h"
#include "operations/answer.h"
#include "tokens/target.h"

const char *
authorization_parameters_prompt(int n)
{
	static const char *const prompts[] = {"none", "login", "consent", "select_account", "create"};

	return n < (int) lengthof(prompts) ? prompts[n] : NULL;
}

bool
authorization_parameters_text_valid(const char *value, size_t max)
{
	return value == NULL || (strlen(value) <= max && pgtc_text_plain(pgtc_slice_str(value)));
}

static bool
asks_openid(const HttpExchange *x)
{
	char *scope = http_param(x, "scope");
	PgtcScope list;

	return scope && pgtc_scope_parse(pgtc_slice_str(scope), &list) == PGTC_OK &&
		   pgtc_scope_has_str(&list, "openid");
}

/*
 * OAuth lets a redirect_uri be left out where there is but one; OpenID Connect Core
 * section 3.1.2.1 and FAPI 2.0 Security Profile section 5.3.2.2 do not.
 */
static bool
must_name_redirect(const HttpExchange *x, const Client *client)
{
	return client->n_redirect_uris != 1 || client->profile >= PROFILE_FAPI2 || asks_openid(x);
}

PgtErr
authorization_parameters_redirect(const HttpExchange *x, const Client *client, Jsonb **parameters)
{
	char *redirect_uri = http_param(x, "redirect_uri");
	char *state = http_param(x, "state");
	char *mode = http_param(x, "response_mode");
	bool given;
	Object object;

	if (redirect_uri && !client_has_redirect_uri(client, redirect_uri))
		return refused_of(PGT_ERR_AUTHORIZE_CLIENT, "redirect_uri", redirect_uri,
						  client->redirect_uris, client->n_redirect_uris);
	if (redirect_uri == NULL && must_name_redirect(x, client))
		return refused_of(PGT_ERR_REDIRECT_URI_MISSING, "redirect_uri", NULL, client->redirect_uris,
						  client->n_redirect_uris);
	if (!authorization_parameters_text_valid(state, STATE_MAX))
		return refused(PGT_ERR_REQUEST_PARAMETER, "state", NULL, NULL);
	object_begin(&object);
	given = redirect_uri != NULL;
	if (!given)
		redirect_uri = client->redirect_uris[0];
	object_string(&object, "redirect_uri", redirect_uri);
	object_bool(&object, "redirect_uri_given", given);
	object_string(&object, "state", state);
	if (mode && answer_mode_fits(client, redirect_uri, mode))
		object_string(&object, "response_mode", mode);
	*parameters = object_end(&object);
	return PGT_OK;
}

static PgtErr
check_kind(const HttpExchange *x)
{
	char *response_type = http_param(x, "response_type");

	if (http_param(x, "registration"))
		return PGT_ERR_REGISTRATION;
	if (response_type == NULL)
		return refused(PGT_ERR_REQUEST_PARAMETER, "response_type", NULL, RESPONSE_TYPE);
	if (strcmp(response_type, RESPONSE_TYPE) != 0)
		return refused(PGT_ERR_RESPONSE_TYPE, "response_type", response_type, RESPONSE_TYPE);
	return PGT_OK;
}

/* one that does not fit is told in the default mode, before anything else can be wrong */
static PgtErr
check_mode(const HttpExchange *x, const Client *client, Jsonb *parameters)
{
	char *mode = http_param(x, "response_mode");

	if (mode && member_string(parameters, "response_mode") == NULL)
		return refused(PGT_ERR_RESPONSE_MODE, "response_mode", mode,
					   strings_joined(answer_mode, " "));
	/* FAPI 2.0 Message Signing section 5.4 */
	return client->profile < PROFILE_FAPI2_MESSAGE_SIGNING || answer_is_signed(parameters)
			   ? PGT_OK
			   : refused(PGT_ERR_RESPONSE_MODE, "response_mode", mode, answer_signed_modes());
}

/* RFC 7636, S256 only: plain is what a missing method means */
static PgtErr
check_pkce(const HttpExchange *x, const Client *client)
{
	char *challenge = http_param(x, "code_challenge");
	char *method = http_param(x, "code_challenge_method");

	if (challenge == NULL)
		return client->require_pkce || !client->confidential || method
				   ? refused(PGT_ERR_PKCE_MISSING, "code_challenge", NULL, NULL)
				   : PGT_OK;
	if (method == NULL || strcmp(method, CODE_CHALLENGE_METHOD) != 0)
		return refused(PGT_ERR_PKCE_METHOD, "code_challenge_method", method, CODE_CHALLENGE_METHOD);
	return pgtc_pkce_challenge_valid(pgtc_slice_str(challenge))
			   ? PGT_OK
			   : refused(PGT_ERR_REQUEST_PARAMETER, "code_challenge", NULL,
						 "43 characters of base64url");
}

/* OpenID Connect Registration section 2: default_acr_values where the request speaks of no acr */
static char *
shown_as(const HttpExchange *x, const Client *client, Jsonb *claims, const char *name)
{
	char *value = http_param(x, name);

	if (value || strcmp(name, "acr_values") != 0 || claims_request_has(claims, "id_token", "acr"))
		return value;
	return client->default_acr_values;
}

/* *prompts: a space-delimited list becomes an array; none stands alone (OpenID Connect Core section 3.1.2.1) */
static PgtErr
check_prompt(const char *prompt, char ***prompts, int *n)
{
	const char *known = strings_joined(authorization_parameters_prompt, " ");
	PgtcScope list;

	*n = 0;
	if (prompt == NULL)
		return PGT_OK;
	if (pgtc_scope_parse(pgtc_slice_str(prompt), &list) != PGTC_OK)
		return refused(PGT_ERR_REQUEST_PARAMETER, "prompt", prompt, known);
	*prompts = strings_in_scope(&list);
	for (int i = 0; i < list.n; i++)
	{
		if (strings_find(authorization_parameters_prompt, (*prompts)[i]) < 0)
			return refused(PGT_ERR_REQUEST_PARAMETER, "prompt", prompt, known);
	}
	*n = list.n;
	return list.n > 1 && pgtc_scope_has_str(&list, "none")
			   ? refused(PGT_ERR_REQUEST_PARAMETER, "prompt", prompt, "none alone")
			   : PGT_OK;
}

/* shown to the application as they came */
static const char *const plain[] = {"nonce",   "acr_values",	 "login_hint", "ui_locales",
									"display", "code_challenge", "dpop_jkt"};

static PgtErr
check_plain(const HttpExchange *x)
{
	char *dpop_jkt = http_param(x, "dpop_jkt");

	for (size_t i = 0; i < lengthof(plain); i++)
	{
		if (!authorization_parameters_text_valid(http_param(x, plain[i]), REQUEST_STRING_MAX))
			return refused(PGT_ERR_REQUEST_PARAMETER, plain[i], NULL, "no control characters");
	}
	return dpop_jkt == NULL || pgtc_pkce_challenge_valid(pgtc_slice_str(dpop_jkt))
			   ? PGT_OK
			   : refused(PGT_ERR_REQUEST_PARAMETER, "dpop_jkt", NULL, "a thumbprint of a key");
}

PgtErr
authorization_parameters(const HttpExchange *x, const Client *client, Jsonb **parameters)
{
	int n_resources;
	char **resources = http_resources(x, &n_resources);
	char *hint = http_param(x, "id_token_hint");
	int max_age = client->default_max_age;
	Target target = {0};
	char **prompts;
	int n_prompts;
	char *hint_subject = NULL;
	Jsonb *details = NULL;
	Jsonb *claims = NULL;
	Object object;
	PgtErr err = check_kind(x);

	if (err == PGT_OK)
		err = check_mode(x, client, *parameters);
	if (err == PGT_OK)
		err = check_pkce(x, client);
	if (err == PGT_OK)
		err = check_plain(x);
	if (err == PGT_OK)
		err = check_prompt(http_param(x, "prompt"), &prompts, &n_prompts);
	if (err == PGT_OK)
		err = http_seconds(x, "max_age", &max_age);
	if (err == PGT_OK && hint && !id_token_hint_subject(x->issuer, client, hint, &hint_subject))
		err = refused(PGT_ERR_REQUEST_PARAMETER, "id_token_hint", NULL,
					  "an ID token of ours for this client");
	if (err == PGT_OK)
		err = claims_request_read(http_param(x, "claims"), &claims);
	if (err == PGT_OK)
		err = target_for_issue(client, http_param(x, "scope"), resources, n_resources,
							   TARGET_OFFLINE | TARGET_CODE, &target);
	if (err == PGT_OK)
		err = authorization_details_read(client, NULL, http_param(x, "authorization_details"),
										 &details);
	if (err != PGT_OK)
		return err;

	object_begin(&object);
	for (size_t i = 0; i < lengthof(plain); i++)
		object_string(&object, plain[i], shown_as(x, client, claims, plain[i]));
	object_string(&object, "scope", target.scope);
	/* the default where none was named: what the user is shown and agrees to */
	object_strings(&object, "resource", target.resources, target.n_resources);
	/* both of what can have them need the scope */
	if (claims && target.openid)
		object_jsonb(&object, "claims", claims);
	if (n_prompts > 0)
		object_strings(&object, "prompt", prompts, n_prompts);
	if (max_age >= 0)
		object_int(&object, "max_age", max_age);
	object_string(&object, "id_token_hint_subject", hint_subject);
	if (details)
		object_jsonb(&object, "authorization_details", details);
	*parameters = object_concat(*parameters, object_end(&object));
	return PGT_OK;
}
