/*
 * access_request.c
 *		A request with an access token.
 *
 * It is on the way of every request of an API: a bearer token that this backend
 * has seen costs a hash, and only a bound one looks at proofs and certificates.
 */
#include "endpoints/access_request.h"

#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay_lag.h"
#include "base/store.h"
#include "core/base/plain_object.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/oauth/scope.h"
#include "http/client_auth.h"
#include "http/dpop_proof.h"
#include "http/resource_metadata.h"
#include "tables/client.h"
#include "tables/confirmation.h"
#include "tokens/genuine.h"
#include "tokens/verify.h"

#define BEARER "Bearer"
#define DPOP "DPoP"

AccessRequest
access_request_read(const HttpExchange *x)
{
	AccessRequest access = {DPOP, http_credentials(x, DPOP)};

	if (access.token == NULL)
	{
		access.scheme = BEARER;
		access.token = http_credentials(x, BEARER);
	}
	return access;
}

/* RFC 9449 section 7.1, RFC 8705 section 3 */
static PgtErr
check_binding(HttpExchange *x, const AccessRequest *access, const char *method, const char *url,
			  Jsonb *claims, const Confirmation *bound)
{
	bool by_dpop = strcmp(access->scheme, DPOP) == 0;
	Confirmation proved = {NULL, NULL};
	PgtErr err = PGT_OK;

	/* a bound token is no bearer token, and to show a proof with an unbound one proves nothing */
	if (by_dpop != (bound->jkt != NULL))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "Authorization", access->scheme,
					   bound->jkt ? DPOP : BEARER);
	if (by_dpop)
		err = dpop_proof(x, client_find(member_string(claims, "client_id")), method, url,
						 access->token, &proved.jkt);
	/* what the token endpoint answers with 400 is 401 here (RFC 9449 sections 7.1 and 9) */
	if (err == PGT_OK && by_dpop && proved.jkt == NULL)
		err = refused(PGT_ERR_ACCESS_TOKEN_DPOP, "DPoP", NULL, "a proof");
	if (err != PGT_OK)
		return err == PGT_ERR_DPOP_NONCE ? PGT_ERR_ACCESS_TOKEN_NONCE : PGT_ERR_ACCESS_TOKEN_DPOP;
	if (bound->x5t_s256)
		(void) client_auth_certificate(x, &proved.x5t_s256);
	if (confirmation_holds(bound, &proved))
		return PGT_OK;
	return refused(PGT_ERR_ACCESS_TOKEN_INVALID, bound->x5t_s256 ? "certificate" : "DPoP",
				   proved.x5t_s256 ? "another certificate" : NULL,
				   "the key or certificate that the token is bound to");
}

/* as in the token: a string or a list; NULL: it has none */
static char *
audience_of(Jsonb *claims)
{
	char *audience = member_string(claims, "aud");
	Jsonb *list = audience ? NULL : member_json(claims, "aud");

	return list ? object_text(list) : audience;
}

/* what verify_access_token() does not tell: asked once more, only of what it refuses */
static PgtErr
refused_token(const char *token)
{
	GenuineAccessToken genuine;

	if (!genuine_access_token(pgtc_slice_str(token), &genuine))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "access_token", NULL,
					   "an access token that this service has signed");
	return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "access_token",
				   psprintf("one of ours, exp " INT64_FORMAT, genuine.claims->exp),
				   psprintf("not revoked, of a client that is on, exp after " INT64_FORMAT,
							moment_unix(GetCurrentTimestamp())));
}

PgtErr
access_request_check(HttpExchange *x, const AccessRequest *access, const char *method,
					 const char *url, const char *audience, Jsonb **claims)
{
	Jsonb *cnf;
	Confirmation bound = {NULL, NULL};

	*claims = verify_access_token(access->token, strlen(access->token), NULL, NULL);
	if (*claims == NULL)
		return refused_token(access->token);
	if (audience && !verify_audience(*claims, audience))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "aud", audience_of(*claims), audience);
	cnf = member_json(*claims, "cnf");
	if (cnf)
		bound = confirmation_of_jsonb(cnf);
	return check_binding(x, access, method, url, *claims, &bound);
}

/* what is configured, or NULL */
static const char *
or_null(const char *setting)
{
	return setting[0] ? setting : NULL;
}

/* where the client sent its request: the API's base URL, and the path the layer names */
static char *
request_url(const HttpExchange *x)
{
	const char *base = guc_http_resource_url[0] ? guc_http_resource_url : guc_http_resource;
	size_t len = strlen(base);

	if (len > 0 && base[len - 1] == '/')
		len--;
	return psprintf("%.*s%s", (int) len, base, x->request->path);
}

/* what http_challenge() does, of the session's API */
static void
challenge(HttpExchange *x, const char *scheme, PgtErr err)
{
	x->resource_metadata = resource_metadata_url();
	http_challenge(x, scheme, err, NULL);
}

bool
access_request_has_scope(Jsonb *claims, const char *scope)
{
	char *text = member_string(claims, "scope");
	PgtcScope list;

	return text && pgtc_scope_parse(pgtc_slice_str(text), &list) == PGTC_OK &&
		   pgtc_scope_has_str(&list, scope);
}

PgtErr
access_request_admit(HttpExchange *x, Jsonb **claims)
{
	AccessRequest access = access_request_read(x);
	PgtErr err;

	*claims = NULL;
	if (access.token == NULL)
		return PGT_OK;
	if (replay_lag_exceeded())
		return PGT_ERR_STALE_STANDBY;
	err = access_request_check(x, &access, x->request->method ? x->request->method : "",
							   request_url(x), or_null(guc_http_resource), claims);
	/* another issuer's claims are worth nothing here, a role among them least of all */
	if (err == PGT_OK && strcmp(member_string(*claims, "iss"), x->issuer->issuer) != 0)
		err = refused(PGT_ERR_ACCESS_TOKEN_INVALID, "iss", member_string(*claims, "iss"),
					  x->issuer->issuer);
	if (err != PGT_OK)
		challenge(x, access.scheme, err);
	return err;
}

/*
 * PostgREST has looked for a token itself, in the header as it came, and has set role
 * and claims by what it found.  Is that the token that was checked here?  A second
 * header, or what is blank to the one and not to the other, makes it another one, or none.
 */
static bool
is_token_of_layer(Jsonb *claims)
{
	PgtcSlice text = pgtc_slice_str(GetConfigOption("request.jwt.claims", true, false));
	PgtcSlice jti = pgtc_plain_object_string(text, "jti");
	const char *ours = claims ? member_string(claims, "jti") : NULL;
	Jsonb *given;
	char *theirs;

	if (text.len == 0)
		return true;
	if (ours && jti.data)
		return pgtc_slice_equal(jti, pgtc_slice_str(ours));
	given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
	/* of a request without a token it says the role alone */
	if (JB_ROOT_IS_OBJECT(given) && member_text(given, "iss") == NULL &&
		member_text(given, "jti") == NULL && member_text(given, "sub") == NULL)
		return true;
	theirs = JB_ROOT_IS_OBJECT(given) ? member_string(given, "jti") : NULL;
	return ours && theirs && strcmp(ours, theirs) == 0;
}

Jsonb *
access_request_require(void)
{
	HttpRequest request;
	HttpExchange x;
	Jsonb *claims;
	PgtErr err;

	http_arrive();
	http_request_of_settings(&request);
	http_begin(&x, &request, NULL, "pre_request");
	err = access_request_admit(&x, &claims);
	if (err == PGT_ERR_STALE_STANDBY)
		http_refuse_stale();
	if (err == PGT_OK && !is_token_of_layer(claims))
	{
		err = refused(PGT_ERR_ACCESS_TOKEN_INVALID, "Authorization", NULL,
					  "the token that the layer has looked at");
		challenge(&x, BEARER, err);
	}
	if (err != PGT_OK)
		http_raise(&x, err);
	return claims;
}

/*
 * A bearer token that this backend has verified before.  What is asked of it is
 * what access_request_require() asks, but of caches alone: no table is read.
 */
static bool
is_seen_and_holds(void)
{
	PgtcSlice token = http_request_plain_bearer_token();
	Jsonb *claims = token.len > 0 ? verify_seen_token(token.data, token.len) : NULL;
	JsonbValue value;

	/* a standby that is too far behind has not seen what may have ended it */
	if (claims == NULL || !issuer_is_known() || replay_lag_exceeded())
		return false;
	if (getKeyJsonValueFromContainer(&claims->root, "cnf", strlen("cnf"), &value))
		return false;
	return is_token_of_layer(claims) &&
		   (guc_http_resource[0] == '\0' || verify_audience(claims, guc_http_resource)) &&
		   strcmp(member_string(claims, "iss"), issuer_of_session()->issuer) == 0;
}

static void
read_claims(StoreRow *row, void *arg)
{
	*(Jsonb **) arg = store_jsonb(row);
}

static StoreQuery request_check_query =
	STORE_QUERY("request check", STORE_READS, "SELECT pgtoken.check_request()");

void
access_request_precede(void)
{
	Jsonb *claims = NULL;
	char *role;

	if (is_seen_and_holds())
		return;
	store_run(&request_check_query, NULL, read_claims, &claims);
	/* PostgREST knows no scheme but Bearer: for DPoP it has left the role to us */
	if (claims == NULL || member_string(member_json(claims, "cnf"), "jkt") == NULL)
		return;
	role = member_string(claims, "role");
	http_set_local("request.jwt.claims", object_text(claims));
	if (role)
		http_set_local("role", role);
}
