/*
 * end_session_endpoint.c
 *		Use case: a client sends its user to log out (RP-Initiated Logout).
 *
 * The page that the user sees, and the end of the session, are the application's:
 * here it is only settled who asks and where the browser may go afterwards.
 */
#include "endpoints/end_session_endpoint.h"

#include "base/guc.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/request.h"
#include "base/strings.h"
#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/oauth/handle.h"
#include "endpoints/authorization_parameters.h"
#include "endpoints/id_token_hint.h"
#include "http/page.h"
#include "operations/answer_url.h"
#include "tables/authorization_request.h"
#include "tables/client.h"

/* one request to log out, as far as it has been read */
typedef struct LogoutRequest
{
	const Client *client; /* NULL: nobody was named */
	const PgtcClaims *hint; /* NULL: none */
	char *redirect_uri;
} LogoutRequest;

/* RP-Initiated Logout section 2: a client_id beside the hint must be the hint's */
static PgtErr
read_client(const HttpExchange *x, LogoutRequest *logout)
{
	char *hint = http_param(x, "id_token_hint");
	char *client_id = http_param(x, "client_id");

	if (hint && id_token_hint_read(x->issuer, hint, &logout->hint) != HINT_PAST)
	{
		if (logout->hint == NULL || logout->hint->n_aud != 1 ||
			(client_id && !pgtc_slice_equal(logout->hint->aud[0], pgtc_slice_str(client_id))))
			return refused(PGT_ERR_REQUEST_PARAMETER, "id_token_hint", NULL,
						   "an ID token of ours for this client");
		client_id = strings_of_slice(logout->hint->aud[0]);
	}
	if (client_id == NULL)
		return PGT_OK;
	logout->client = client_find(client_id);
	return logout->client && logout->client->enabled &&
				   strcmp(logout->client->issuer, x->issuer->issuer) == 0
			   ? PGT_OK
			   : refused(PGT_ERR_REQUEST_PARAMETER, "client_id", client_id,
						 "an enabled client of this issuer");
}

/* exactly one of those that the client has registered (RP-Initiated Logout section 3.1) */
static bool
is_registered(const Client *client, const char *redirect_uri)
{
	for (int i = 0; client && i < client->n_post_logout_redirect_uris; i++)
	{
		if (strcmp(client->post_logout_redirect_uris[i], redirect_uri) == 0)
			return true;
	}
	return false;
}

static PgtErr
read_request(const HttpExchange *x, LogoutRequest *logout)
{
	PgtErr err = x->form_err;

	if (err == PGT_OK && x->issuer->logout_uri == NULL)
		/* no parameter of the client's is at fault */
		err = refused(PGT_ERR_REQUEST_PARAMETER, "", NULL,
					  "the issuer has no logout page (logout_uri)");
	if (err == PGT_OK)
		err = read_client(x, logout);
	if (err != PGT_OK)
		return err;
	if (!authorization_parameters_text_valid(http_param(x, "state"), STATE_MAX))
		return refused(PGT_ERR_REQUEST_PARAMETER, "state", NULL, "no control characters");
	if (!authorization_parameters_text_valid(http_param(x, "ui_locales"), REQUEST_STRING_MAX))
		return refused(PGT_ERR_REQUEST_PARAMETER, "ui_locales", NULL, "no control characters");
	logout->redirect_uri = http_param(x, "post_logout_redirect_uri");
	if (logout->redirect_uri && !is_registered(logout->client, logout->redirect_uri))
		return refused_of(PGT_ERR_REQUEST_PARAMETER, "post_logout_redirect_uri",
						  logout->redirect_uri,
						  logout->client ? logout->client->post_logout_redirect_uris : NULL,
						  logout->client ? logout->client->n_post_logout_redirect_uris : 0);
	return PGT_OK;
}

/* what the application is to know, and what is to become of the browser */
static char *
store_request(const HttpExchange *x, const LogoutRequest *logout)
{
	AuthorizationRequest request = {.kind = REQUEST_LOGOUT, .issuer = x->issuer->issuer};
	Object parameters;

	object_begin(&parameters);
	if (logout->client)
	{
		request.client_id = logout->client->client_id;
		object_string(&parameters, "client_id", logout->client->client_id);
	}
	object_string(&parameters, "post_logout_redirect_uri", logout->redirect_uri);
	object_string(&parameters, "state", http_param(x, "state"));
	object_string(&parameters, "ui_locales", http_param(x, "ui_locales"));
	if (logout->hint)
	{
		object_string(&parameters, "id_token_hint_subject", strings_of_slice(logout->hint->sub));
		object_string(&parameters, "id_token_hint_sid", strings_of_slice(logout->hint->sid));
	}
	request.parameters = object_end(&parameters);
	return authorization_request_insert(&request, PGTC_TRANSACTION_PREFIX,
										guc_authorization_request_lifetime);
}

char *
end_session_endpoint(HttpExchange *x)
{
	LogoutRequest logout = {0};
	PgtErr err = read_request(x, &logout);
	char *transaction_id;

	/* never a redirect to where the request says: it may be anybody's (RFC 9700 section 4.11) */
	if (err != PGT_OK)
		return page_error(x, err);
	/* from nobody, to nowhere: there is nothing to remember, however often it comes */
	transaction_id = logout.client ? store_request(x, &logout) : NULL;
	http_redirect(x, answer_url_with(x->issuer->logout_uri, "transaction_id", transaction_id));
	return NULL;
}
