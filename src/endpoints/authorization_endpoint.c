/*
 * authorization_endpoint.c
 *		Use cases: the authorization endpoint and pushed authorization requests.
 *
 * Until client and redirect URI are known to belong together, an error is shown
 * here and never sent on: the endpoint is no open redirector (RFC 9700 section
 * 4.11).  Afterwards the browser goes to the client with an error, or to the
 * application's login page with a transaction.
 */
#include "endpoints/authorization_endpoint.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "core/oauth/handle.h"
#include "endpoints/answer_endpoint.h"
#include "endpoints/authorization_parameters.h"
#include "http/client_auth.h"
#include "http/client_document.h"
#include "http/dpop_proof.h"
#include "http/http_context.h"
#include "http/request_object.h"
#include "http/page.h"
#include "operations/answer_url.h"
#include "tables/audit.h"
#include "tables/authorization_request.h"
#include "tables/client.h"

static bool
is_request_uri(const char *request_uri)
{
	return strncmp(request_uri, PGTC_REQUEST_URI_PREFIX, strlen(PGTC_REQUEST_URI_PREFIX)) == 0;
}

/* spent not here but with the answer, so that a page can be loaded anew (RFC 9126 section 4) */
static PgtErr
read_pushed(const Issuer *issuer, const Client *client, const char *request_uri, Jsonb **parameters)
{
	AuthorizationRequest *request = authorization_request_find(
		issuer, PGTC_PUSHED_PREFIX, request_uri + strlen(PGTC_REQUEST_URI_PREFIX));

	if (request == NULL || strcmp(request->kind, REQUEST_PUSHED) != 0 ||
		strcmp(request->client_id, client->client_id) != 0)
		return PGT_ERR_REQUEST_URI;
	*parameters = authorization_request_from_pushed(request);
	return PGT_OK;
}

static PgtErr
find_client(const HttpExchange *x, const Client **client)
{
	char *client_id = http_param(x, "client_id");
	Client *found = NULL;
	const char *why = NULL;
	PgtErr err = PGT_OK;

	if (client_id)
		err = client_document_find(x->issuer, client_id, &found, &why);
	if (err != PGT_OK)
		return err;
	if (found == NULL || !found->enabled || strcmp(found->issuer, x->issuer->issuer) != 0)
		return refused(PGT_ERR_AUTHORIZE_CLIENT, "client_id", client_id,
					   why				 ? why
					   : found == NULL	 ? "no client of this name"
					   : !found->enabled ? "a client that is switched off"
										 : psprintf("a client of the issuer %s", found->issuer));
	if (!client_may_use(found, GRANT_TYPE_AUTHORIZATION_CODE))
		return refused(PGT_ERR_AUTHORIZE_CLIENT, "grant_types",
					   grant_type_name(GRANT_TYPE_AUTHORIZATION_CODE),
					   client_grant_type_names(found));
	*client = found;
	return PGT_OK;
}

static void
send_to_login(HttpExchange *x, const Client *client, Jsonb *parameters)
{
	AuthorizationRequest request = {.kind = REQUEST_AUTHORIZATION};
	char *transaction_id;

	request.issuer = client->issuer;
	request.client_id = client->client_id;
	request.parameters = parameters;
	transaction_id = authorization_request_insert(&request, PGTC_TRANSACTION_PREFIX,
												  guc_authorization_request_lifetime);
	http_redirect(x, answer_url_with(x->issuer->login_uri, "transaction_id", transaction_id));
}

/* what the client is told; the browser goes there.  of_object: what is wrong with the request object */
static PgtErr
judge_parameters(const HttpExchange *x, const Client *client, PgtErr of_object, Jsonb **parameters)
{
	if (of_object != PGT_OK)
		return of_object;
	if (client->require_pushed_requests)
		return PGT_ERR_REQUEST_NOT_PUSHED;
	return authorization_parameters(x, client, parameters);
}

/* the client is told, by way of the browser */
static char *
send_error(HttpExchange *x, const Client *client, Jsonb *parameters, PgtErr err)
{
	Answer answer;

	x->err = err;
	refused_record(x->path, x->client_id, err);
	answer_error(client, parameters, errors_info(err)->error, refused_description(err), &answer);
	return answer_endpoint_send(x, &answer);
}

char *
authorization_endpoint(HttpExchange *x)
{
	Jsonb *parameters = NULL;
	const Client *client = NULL;
	char *request_uri = http_param(x, "request_uri");
	PgtErr err = x->form_err;

	if (err == PGT_OK)
	{
		err = find_client(x, &client);
		if (err == PGT_OK && x->issuer->login_uri == NULL)
			err = refused(PGT_ERR_AUTHORIZE_CLIENT, "login_uri", NULL,
						  "the issuer has no login page");
	}
	if (err == PGT_OK && request_uri && is_request_uri(request_uri))
		err = read_pushed(x->issuer, client, request_uri, &parameters);
	else if (err == PGT_OK)
	{
		PgtErr of_object = request_object_read(x, client, false);

		err = authorization_parameters_redirect(x, client, &parameters);
		/* without a redirect_uri, which it may hold, what is wrong with the object is all there is to say */
		if (of_object == PGT_ERR_WAIT ||
			(err == PGT_ERR_REDIRECT_URI_MISSING && of_object != PGT_OK))
			err = of_object;
		if (err == PGT_OK)
		{
			PgtErr refusal = judge_parameters(x, client, of_object, &parameters);

			if (refusal != PGT_OK)
				return send_error(x, client, parameters, refusal);
		}
	}
	if (err != PGT_OK)
		return page_error(x, err);
	send_to_login(x, client, parameters);
	return NULL;
}

/* the key that pushes is the key that redeems (RFC 9449 section 10.1) */
static PgtErr
bind_to_proof(HttpExchange *x, const Client *client, Jsonb **parameters)
{
	char *wanted = member_string(*parameters, "dpop_jkt");
	char *jkt;
	PgtErr err = dpop_proof(x, client, "POST", x->url, NULL, &jkt);
	Object object;

	if (err != PGT_OK || jkt == NULL)
		return err;
	if (wanted && strcmp(wanted, jkt) != 0)
		return refused(PGT_ERR_DPOP_PROOF, "dpop_jkt", NULL, "the thumbprint of the proof's key");
	object_begin(&object);
	object_string(&object, "dpop_jkt", jkt);
	*parameters = object_concat(*parameters, object_end(&object));
	return PGT_OK;
}

Jsonb *
authorization_endpoint_push(HttpExchange *x)
{
	AuthorizationRequest request = {.kind = REQUEST_PUSHED};
	const Client *client = NULL;
	Object answer;
	char *handle;
	int lifetime;
	PgtErr err = x->form_err;

	if (err == PGT_OK)
		err = request_object_await_keys(x);
	if (err == PGT_OK)
		err = client_auth(x, &client);
	if (err == PGT_OK && !client_may_use(client, GRANT_TYPE_AUTHORIZATION_CODE))
		err = refused(PGT_ERR_CLIENT_GRANT_TYPE, "grant_type",
					  grant_type_name(GRANT_TYPE_AUTHORIZATION_CODE),
					  client_grant_type_names(client));
	if (err == PGT_OK && http_param(x, "request_uri")) /* RFC 9126 section 2.1 */
		err = refused(PGT_ERR_REQUEST_PARAMETER, "request_uri", NULL, "none at this endpoint");
	if (err == PGT_OK)
		err = request_object_read(x, client, true); /* RFC 9126 section 3 */
	if (err == PGT_OK)
		err = authorization_parameters_redirect(x, client, &request.parameters);
	if (err == PGT_OK)
		err = authorization_parameters(x, client, &request.parameters);
	if (err == PGT_OK)
		err = bind_to_proof(x, client, &request.parameters);
	/* the client has proved who it is; what comes by the browser could be anybody's, in any number */
	if (err != PGT_OK && client)
		audit_refusal(err, &(AuditEvent){.event = "authorization.refused",
										 .client_id = client->client_id,
										 .context = http_context(x)});
	if (err != PGT_OK)
		return http_error(x, err);

	request.issuer = client->issuer;
	request.client_id = client->client_id;
	lifetime = client_pushed_request_lifetime(client);
	handle = authorization_request_insert(&request, PGTC_PUSHED_PREFIX, lifetime);
	x->status = 201;
	object_begin(&answer);
	object_string(&answer, "request_uri", psprintf("%s%s", PGTC_REQUEST_URI_PREFIX, handle));
	object_int(&answer, "expires_in", lifetime);
	return object_end(&answer);
}
