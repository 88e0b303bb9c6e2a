/*
 * logout.c
 *		Use cases: a client sends its user to log out, and clients are told that a
 *		session has ended.
 *
 * The page that the user sees, and the end of the session, are the application's:
 * here it is only settled who asks and where the browser may go afterwards.
 */
#include "operations/logout.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/request.h"
#include "core/base/b64url.h"
#include "core/base/form.h"
#include "core/oauth/oauth.h"
#include "endpoints/authorization_parameters.h"
#include "endpoints/id_token_hint.h"
#include "tables/audit.h"
#include "tables/authorization_request.h"
#include "tables/client.h"
#include "tokens/statement.h"

#define LOGOUT_TOKEN_LIFETIME 120 /* seconds, as Back-Channel Logout section 2.4 recommends */
#define LOGOUT_JTI_LEN 16

/* one request to log out, as far as it has been read */
typedef struct LogoutRequest
{
	const Client *client; /* NULL: nobody was named */
	const PgtcClaims *hint; /* NULL: none */
	char *redirect_uri;
} LogoutRequest;

static char *
string_of_slice(PgtcSlice slice)
{
	return slice.data ? pnstrdup(slice.data, slice.len) : NULL;
}

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
		client_id = string_of_slice(logout->hint->aud[0]);
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
	PgtErr err = http_check_form(x);

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
		object_string(&parameters, "id_token_hint_subject", string_of_slice(logout->hint->sub));
		object_string(&parameters, "id_token_hint_sid", string_of_slice(logout->hint->sid));
	}
	request.parameters = object_end(&parameters);
	return authorization_request_insert(&request, PGTC_TRANSACTION_PREFIX,
										guc_authorization_request_lifetime);
}

static char *
url_with(const char *url, const char *name, const char *value)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append_str(&buf, url);
	if (value)
		pgtc_query_append(&buf, name, pgtc_slice_str(value));
	glue_check(pgtc_buf_code(&buf), "writing a URL");
	return buf.data;
}

Jsonb *
end_session_endpoint(HttpExchange *x)
{
	LogoutRequest logout = {0};
	PgtErr err = read_request(x, &logout);
	char *transaction_id;

	/* never a redirect to where the request says: it may be anybody's (RFC 9700 section 4.11) */
	if (err != PGT_OK)
		return http_error(x, err);
	/* from nobody, to nowhere: there is nothing to remember, however often it comes */
	transaction_id = logout.client ? store_request(x, &logout) : NULL;
	http_redirect(x, url_with(x->issuer->logout_uri, "transaction_id", transaction_id));
	return NULL;
}

static void
audit_completion(const AuthorizationRequest *request, const char *subject, const char *session_id)
{
	Object context;

	object_begin(&context);
	object_string(&context, "session_id", session_id);
	audit_write(&(AuditEvent){.event = "logout.completed",
							  .client_id = request->client_id[0] ? request->client_id : NULL,
							  .subject = subject,
							  .context = object_end(&context)});
}

char *
logout_complete(const char *transaction_id, const char *subject, const char *session_id)
{
	AuthorizationRequest *request;
	char *redirect_uri;

	cache_begin();
	request = authorization_request_find(PGTC_TRANSACTION_PREFIX, transaction_id);
	/* taken away by one only, also of two that come at the same time */
	if (request == NULL || strcmp(request->kind, REQUEST_LOGOUT) != 0 ||
		!authorization_request_delete(request))
		return NULL;
	audit_completion(request, subject, session_id);
	redirect_uri = member_string(request->parameters, "post_logout_redirect_uri");
	return redirect_uri
			   ? url_with(redirect_uri, "state", member_string(request->parameters, "state"))
			   : NULL;
}

static char *
random_jti(void)
{
	uint8_t random[LOGOUT_JTI_LEN];
	size_t len = pgtc_b64url_encoded_len(sizeof(random));
	char *jti = palloc(len + 1);

	random_public(random, sizeof(random));
	pgtc_b64url_encode(random, sizeof(random), jti);
	jti[len] = '\0';
	return jti;
}

/* Back-Channel Logout section 2.4; nonce is forbidden there, so that it cannot pass for an ID token */
char *
logout_token(const char *client_id, const char *subject, const char *session_id)
{
	const Client *client;
	PgtcTokenSpec spec;
	Object events;
	Object extra;

	cache_begin();
	client = client_find(client_id);
	if (client == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such client"),
						errdetail("The client \"%s\" has not been created.", client_id)));
	spec = statement_for(client, "logout+jwt");
	spec.sub = pgtc_slice_str(client_subject(client, subject));
	spec.sid = pgtc_slice_str(client_session_id(client, session_id));
	spec.jti = pgtc_slice_str(random_jti());
	spec.exp = spec.iat + LOGOUT_TOKEN_LIFETIME;

	object_begin(&events);
	object_jsonb(&events, "http://schemas.openid.net/event/backchannel-logout", object_empty());
	object_begin(&extra);
	object_jsonb(&extra, "events", object_end(&events));
	return statement_sign(client, &spec, object_end(&extra));
}
