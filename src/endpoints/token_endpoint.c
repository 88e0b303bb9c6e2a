/*
 * token_endpoint.c
 *		Use case: the token endpoint (RFC 6749 section 3.2).
 *
 * Authenticate the client -> may it use the grant type? -> is it to go on at another
 * shard? -> what does the request prove? -> the grant's own rules -> answer.
 */
#include "endpoints/token_endpoint.h"

#include "base/glue.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/strings.h"
#include "base/user_function.h"
#include "core/base/code.h"
#include "core/base/json_write.h"
#include "core/base/slice.h"
#include "core/oauth/scope.h"
#include "endpoints/grants/authorization_code_grant.h"
#include "endpoints/grants/client_credentials_grant.h"
#include "endpoints/grants/device_code_grant.h"
#include "endpoints/grants/jwt_bearer_grant.h"
#include "endpoints/grants/password_grant.h"
#include "endpoints/grants/token_exchange_grant.h"
#include "endpoints/grants/token_request.h"
#include "http/client_auth.h"
#include "http/dpop_proof.h"
#include "http/hop.h"
#include "http/http_context.h"
#include "operations/refresh.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant_type.h"
#include "tokens/response.h"

static void grant_refresh_token(const TokenRequest *request, TokenResponse *response);

static const GrantHandler handlers[] = {
	[GRANT_TYPE_AUTHORIZATION_CODE] = authorization_code_grant,
	[GRANT_TYPE_REFRESH_TOKEN] = grant_refresh_token,
	[GRANT_TYPE_CLIENT_CREDENTIALS] = client_credentials_grant,
	[GRANT_TYPE_DEVICE_CODE] = device_code_grant,
	[GRANT_TYPE_TOKEN_EXCHANGE] = token_exchange_grant,
	[GRANT_TYPE_JWT_BEARER] = jwt_bearer_grant,
	[GRANT_TYPE_PASSWORD] = password_grant,
};

StaticAssertDecl(lengthof(handlers) == GRANT_TYPES, "every grant type has its handler");

/* key and certificate that the tokens will be bound to */
static PgtErr
read_confirmation(HttpExchange *x, const Client *client, Confirmation *cnf)
{
	PgtErr err = dpop_proof(x, client, "POST", x->url, NULL, &cnf->jkt);

	if (err == PGT_OK && client->dpop_bound && cnf->jkt == NULL)
		err = PGT_ERR_DPOP_MISSING;
	if (err == PGT_OK && client->certificate_bound)
	{
		err = client_auth_certificate(x, &cnf->x5t_s256);
		if (err == PGT_OK && cnf->x5t_s256 == NULL)
			err = PGT_ERR_CERTIFICATE_MISSING;
	}
	return err;
}

/* what a resource's challenge has asked for (RFC 9470 section 4) */
static PgtErr
read_authentication(const HttpExchange *x, RefreshRequest *refresh)
{
	char *text = http_param(x, "acr_values");

	refresh->max_age = -1;
	if (text)
	{
		PgtcScope *list = palloc(sizeof(PgtcScope));

		if (pgtc_scope_parse(pgtc_slice_str(text), list) != PGTC_OK)
			return refused(PGT_ERR_REQUEST_PARAMETER, "acr_values", text, NULL);
		refresh->acr_values = strings_in_scope(list);
		refresh->n_acr_values = list->n;
	}
	return http_seconds(x, "max_age", &refresh->max_age);
}

static void
grant_refresh_token(const TokenRequest *request, TokenResponse *response)
{
	RefreshRequest refresh = {0};

	refresh.refresh_token = http_param(request->x, "refresh_token");
	if (refresh.refresh_token == NULL)
	{
		response->err = refused(PGT_ERR_REQUEST_PARAMETER, "refresh_token", NULL, NULL);
		return;
	}
	response->err = read_authentication(request->x, &refresh);
	if (response->err != PGT_OK)
		return;
	refresh.client = request->client;
	refresh.scope = request->scope;
	refresh.resources = request->resources;
	refresh.n_resources = request->n_resources;
	refresh.cnf = request->cnf;
	refresh.details = http_param(request->x, "authorization_details");
	refresh.transaction_id = http_param(request->x, "transaction_id");
	refresh.context = request->context;
	refresh_grant(&refresh, response);
}

/* what went wrong before the grant's own rules had their say */
static void
audit_early_refusal(const TokenRequest *request, const char *grant_type, PgtErr err)
{
	Object detail;

	object_begin(&detail);
	object_string(&detail, "grant_type", grant_type);
	audit_refusal(err, &(AuditEvent){.event = "token.refused",
									 .client_id = request->client->client_id,
									 .context = request->context,
									 .detail = object_end(&detail)});
}

/* RFC 6749 section 5.1; written at once, since a jsonb would be built to be taken apart again */
static char *
answer(const TokenResponse *response)
{
	PgtcBuf body;

	pgtc_buf_init(&body, &glue_mem);
	pgtc_buf_append_str(&body, "{");
	pgtc_json_write_member(&body, "access_token", pgtc_slice_str(response->access_token));
	pgtc_json_write_member(&body, "token_type",
						   pgtc_slice_str(response->dpop_bound ? "DPoP" : "Bearer"));
	pgtc_json_write_member_int(&body, "expires_in", response->expires_in);
	pgtc_json_write_member(&body, "refresh_token", pgtc_slice_str(response->refresh_token));
	pgtc_json_write_member(&body, "id_token", pgtc_slice_str(response->id_token));
	pgtc_json_write_member(&body, "scope", pgtc_slice_str(response->scope));
	pgtc_json_write_member_json(&body, "authorization_details",
								pgtc_slice_str(object_text(response->details)));
	pgtc_json_write_member(&body, "issued_token_type", pgtc_slice_str(response->issued_token_type));
	pgtc_buf_append_str(&body, "}");
	glue_check(pgtc_buf_code(&body), "writing an answer");
	return body.data;
}

/*
 * RFC 6749 section 5.2; of a step-up also what it goes on with, and where: no standard
 * has a name for those endpoints that the metadata could announce them by.
 */
static char *
refusal(HttpExchange *x, const TokenResponse *response)
{
	Jsonb *body = http_error(x, response->err);
	Object step_up;

	if (response->transaction_id == NULL)
		return object_text(body);
	object_begin(&step_up);
	object_string(&step_up, "transaction_id", response->transaction_id);
	object_int(&step_up, "expires_in", response->expires_in);
	object_jsonb(&step_up, "factors", response->factors);
	object_string(&step_up, "step_up_challenge_endpoint",
				  issuer_url(x->issuer->issuer, "/oauth2/challenge"));
	object_string(&step_up, "complete_challenge_endpoint",
				  issuer_url(x->issuer->issuer, "/oauth2/complete_challenge"));
	return object_text(object_concat(body, object_end(&step_up)));
}

/* a request whose client and keys are proved, for the guard */
typedef struct Handling
{
	GrantHandler handler;
	const TokenRequest *request;
	TokenResponse *response;
} Handling;

static void
run(void *arg)
{
	const Handling *handling = arg;

	handling->handler(handling->request, handling->response);
}

/*
 * What goes wrong in the server is raised, which takes the transaction back, and with
 * it the proof or assertion that the client has used, where nothing else remembers
 * that: then it is an answer, so that what was used stays used.
 */
static void
handle(GrantHandler handler, const TokenRequest *request, const char *grant_type,
	   TokenResponse *response)
{
	Handling handling = {.handler = handler, .request = request, .response = response};

	if (!replay_rests_on_transaction())
		run(&handling);
	else if (!user_function_guard(run, &handling))
	{
		memset(response, 0, sizeof(*response));
		response->err = PGT_ERR_SERVER;
		audit_early_refusal(request, grant_type, response->err);
	}
}

/*
 * Before a proof counts as used, since a shard may be passed twice.  What begins with no
 * handle of ours has no home: it follows its subject from wherever it is.
 */
static PgtErr
go_on(HttpExchange *x, GrantType type)
{
	switch (type)
	{
		case GRANT_TYPE_TOKEN_EXCHANGE:
			return token_exchange_grant_way(x);
		case GRANT_TYPE_JWT_BEARER:
			return jwt_bearer_grant_way(x);
		case GRANT_TYPE_CLIENT_CREDENTIALS:
		case GRANT_TYPE_PASSWORD:
			return PGT_OK;
		default:
			return hop_is_home(x) ? PGT_OK : hop_home(x, NULL);
	}
}

char *
token_endpoint(HttpExchange *x)
{
	TokenRequest request = {.x = x};
	TokenResponse response = {0};
	char *grant_type = NULL;
	int type = -1;
	PgtErr err = x->form_err;

	if (err == PGT_OK)
	{
		grant_type = http_param(x, "grant_type");
		type = grant_type ? strings_find(grant_type_name, grant_type) : -1;
		if (type < 0)
			err = refused(grant_type ? PGT_ERR_GRANT_TYPE_UNKNOWN : PGT_ERR_REQUEST_PARAMETER,
						  "grant_type", grant_type, NULL);
	}
	if (err == PGT_OK && type == GRANT_TYPE_JWT_BEARER)
		err = jwt_bearer_grant_wait(x);
	/* of all grants the one whose credentials can speak for the client, too (RFC 7521 section 4.1) */
	if (err == PGT_OK && type == GRANT_TYPE_JWT_BEARER && !client_auth_presented(x))
		err = jwt_bearer_grant_client(x, &request.client);
	else if (err == PGT_OK)
		err = client_auth_midway(x, &request.client);
	if (err != PGT_OK)
		return object_text(http_error(x, err));

	request.context = http_context(x);
	request.scope = http_param(x, "scope");
	request.resources = http_resources(x, &request.n_resources);
	if (!client_may_use(request.client, (GrantType) type))
		err = refused(PGT_ERR_CLIENT_GRANT_TYPE, "grant_type", grant_type,
					  client_grant_type_names(request.client));
	if (err == PGT_OK)
		err = go_on(x, (GrantType) type);
	if (err == PGT_OK)
		err = read_confirmation(x, request.client, &request.cnf);
	if (err != PGT_OK)
	{
		audit_early_refusal(&request, grant_type, err);
		return object_text(http_error(x, err));
	}
	handle(handlers[type], &request, grant_type, &response);
	return response.err == PGT_OK ? answer(&response) : refusal(x, &response);
}
