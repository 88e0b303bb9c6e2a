/*
 * logout.c
 *		Use cases: a person has logged out, and clients are told that a session has ended.
 */
#include "operations/logout.h"

#include "base/cache.h"
#include "base/member.h"
#include "base/object.h"
#include "base/random.h"
#include "core/base/b64url.h"
#include "core/base/slice.h"
#include "core/jose/token.h"
#include "core/oauth/handle.h"
#include "operations/answer_url.h"
#include "tables/audit.h"
#include "tables/authorization_request.h"
#include "tables/client.h"
#include "tokens/statement.h"

#define LOGOUT_TOKEN_LIFETIME 120 /* seconds, as Back-Channel Logout section 2.4 recommends */
#define LOGOUT_JTI_LEN 16

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
	request =
		authorization_request_find(issuer_of_session(), PGTC_TRANSACTION_PREFIX, transaction_id);
	/* taken away by one only, also of two that come at the same time */
	if (request == NULL || strcmp(request->kind, REQUEST_LOGOUT) != 0 ||
		!authorization_request_delete(request))
		return NULL;
	audit_completion(request, subject, session_id);
	redirect_uri = member_string(request->parameters, "post_logout_redirect_uri");
	return redirect_uri
			   ? answer_url_with(redirect_uri, "state", member_string(request->parameters, "state"))
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
