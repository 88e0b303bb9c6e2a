/*
 * introspection_endpoint.c
 *		Use case: a client or a resource server asks what a token is.
 *
 * Only those are told whom the token concerns: its own client, and, of an access
 * token, the resource servers among its audience.  For all others it is as if it
 * were not there (RFC 7662 section 4).
 */
#include "endpoints/introspection_endpoint.h"

#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/user_function.h"
#include "core/jose/token.h"
#include "http/client_auth.h"
#include "tables/client.h"
#include "tables/resource.h"
#include "tokens/statement.h"
#include "tokens/verify.h"

#define JWT_ANSWER "token-introspection+jwt"
#define JWT_MEDIA_TYPE "application/" JWT_ANSWER

static bool
serves(const Client *client, const char *audience)
{
	const Resource *resource = resource_find(client->issuer, audience);

	return resource && resource->client_id && strcmp(resource->client_id, client->client_id) == 0;
}

static bool
serves_audience(const Client *client, Jsonb *answer)
{
	char *audience = member_string(answer, "aud"); /* refresh tokens have none */
	char **audiences;
	int n;

	if (audience)
		return serves(client, audience);
	audiences = member_strings(answer, "aud", &n);
	for (int i = 0; i < n; i++)
	{
		if (serves(client, audiences[i]))
			return true;
	}
	return false;
}

static bool
concerns(const Client *client, Jsonb *answer)
{
	char *client_id = member_string(answer, "client_id");
	char *iss = member_string(answer, "iss");

	return client_id && iss && strcmp(iss, client->issuer) == 0 &&
		   (strcmp(client_id, client->client_id) == 0 || serves_audience(client, answer));
}

static Jsonb *
answer_for(const Client *client, const char *token)
{
	Jsonb *answer = verify_introspect(token);
	Object inactive;

	if (concerns(client, answer))
		return answer;
	object_begin(&inactive);
	object_bool(&inactive, "active", false);
	return object_end(&inactive);
}

/* RFC 9701 section 5: neither sub nor exp of its own, so that nobody takes it for a token */
static char *
sign_answer(const Client *client, Jsonb *answer)
{
	PgtcTokenSpec spec = statement_for(client, JWT_ANSWER);
	Object extra;

	object_begin(&extra);
	object_jsonb(&extra, "token_introspection", answer);
	return client->introspection_alg
			   ? statement_sign_by(client, client->introspection_alg, &spec, object_end(&extra))
			   : statement_sign(client, &spec, object_end(&extra));
}

/* RFC 9701 sections 4 and 6, FAPI 2.0 Message Signing section 5.5 */
static bool
is_signed(const HttpExchange *x, const Client *client)
{
	return client->introspection_alg || client->profile >= PROFILE_FAPI2_MESSAGE_SIGNING ||
		   http_prefers(x, JWT_MEDIA_TYPE, "application/json");
}

/* an answer that is to be signed, for the guard */
typedef struct Signing
{
	const Client *client;
	Jsonb *answer;
	char *token;
} Signing;

static void
sign(void *arg)
{
	Signing *signing = arg;

	signing->token = sign_answer(signing->client, signing->answer);
}

char *
introspection_endpoint(HttpExchange *x)
{
	const Client *client;
	char *token = http_param(x, "token");
	Signing signing;
	PgtErr err = x->form_err;

	if (err == PGT_OK)
		err = client_auth(x, &client);
	/* RFC 7662 section 2.1: to have a name is not to be authenticated */
	if (err == PGT_OK && !client->confidential)
		err = refused(PGT_ERR_CLIENT_METHOD, "client_type", "public", "confidential");
	if (err == PGT_OK && token == NULL)
		err = refused(PGT_ERR_REQUEST_PARAMETER, "token", NULL, NULL);
	if (err != PGT_OK)
		return object_text(http_error(x, err));

	signing.client = client;
	signing.answer = answer_for(client, token);
	if (!is_signed(x, client))
		return object_text(signing.answer);
	if (!replay_rests_on_transaction())
		sign(&signing);
	else if (!user_function_guard(sign, &signing))
		return object_text(http_error(x, PGT_ERR_SERVER)); /* the assertion stays used */
	x->content_type = JWT_MEDIA_TYPE;
	return signing.token;
}
