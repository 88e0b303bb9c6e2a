/*
 * userinfo_endpoint.c
 *		Use case: what the subject of an access token is called.
 */
#include "endpoints/userinfo_endpoint.h"

#include "access/xact.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "endpoints/access_request.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tokens/claims_function.h"
#include "tokens/statement.h"

/* the header, or in a POST the form (RFC 6750 sections 2.1 and 2.2), not both */
static PgtErr
read_access_request(const HttpExchange *x, AccessRequest *access)
{
	char *in_form = http_param(x, "access_token");
	PgtErr err = x->form_err;

	*access = access_request_read(x);
	if (err != PGT_OK)
		return err;
	if (in_form && access->token)
		return PGT_ERR_ACCESS_TOKEN_TWICE;
	if (in_form)
		access->token = in_form;
	return access->token ? PGT_OK : PGT_ERR_ACCESS_TOKEN_MISSING;
}

/* whom an access token is of */
typedef struct Description
{
	const Client *client;
	Jsonb *claims; /* of the token */
	Jsonb *body; /* what is answered; NULL: gone since the token was verified */
} Description;

/* sub as the token has it, and with it the ID token; the rest is the application's to say */
static void
describe_subject(void *arg)
{
	Description *description = arg;
	Jsonb *claims = description->claims;
	char *grant_id = member_string(claims, "grant_id");
	const Client *client = client_find(member_string(claims, "client_id"));
	const Grant *grant;
	pg_uuid_t id;
	Object body;

	glue_check(pgtc_uuid_parse(pgtc_slice_str(grant_id), id.data), "reading a grant_id");
	grant = grant_read_latest(&id);
	if (client == NULL || grant == NULL)
		return;
	description->client = client;
	object_begin(&body);
	object_string(&body, "sub", member_string(claims, "sub"));
	description->body = claims_function_merge(
		object_end(&body),
		claims_function_run(client, grant, member_string(claims, "scope"), "userinfo"));
}

/* OpenID Connect Core section 5.3.2: iss and aud, and no end, so that nobody takes it for an ID token */
static char *
sign(const Client *client, Jsonb *body)
{
	PgtcTokenSpec spec = statement_for(client, "JWT");

	return statement_sign_by(client, client->userinfo_alg, &spec, body);
}

static char *
answer(HttpExchange *x, const Description *description)
{
	if (description->client->userinfo_alg == NULL)
		return object_text(description->body);
	x->content_type = "application/jwt";
	return sign(description->client, description->body);
}

char *
userinfo_endpoint(HttpExchange *x)
{
	AccessRequest access;
	Description description = {0};
	Jsonb *claims = NULL;
	PgtErr err = read_access_request(x, &access);

	/* a proof that is not remembered could be shown again */
	if (err == PGT_OK && XactReadOnly && http_header(x, "dpop"))
		return object_text(http_error(x, PGT_ERR_READ_ONLY));
	if (err == PGT_OK)
		err = access_request_check(x, &access, x->request->method, x->url, NULL, &claims);
	if (err == PGT_OK && strcmp(member_string(claims, "iss"), x->issuer->issuer) != 0)
		err = refused(PGT_ERR_ACCESS_TOKEN_INVALID, "iss", member_string(claims, "iss"),
					  x->issuer->issuer);
	if (err == PGT_OK && !access_request_has_scope(claims, "openid"))
		err =
			refused(PGT_ERR_ACCESS_TOKEN_SCOPE, "scope", member_string(claims, "scope"), "openid");
	if (err == PGT_OK)
	{
		description.claims = claims;
		if (!claims_function_guard(x->issuer->issuer, describe_subject, &description))
			return object_text(http_error(x, PGT_ERR_USER_FUNCTION));
		if (description.body)
			return answer(x, &description);
		err = PGT_ERR_ACCESS_TOKEN_INVALID;
	}
	http_challenge(x, access.scheme, err, err == PGT_ERR_ACCESS_TOKEN_SCOPE ? "openid" : NULL);
	return NULL;
}
