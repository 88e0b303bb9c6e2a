/*
 * http.c
 *		SQL-callable functions of schema pgtoken_http: one per endpoint, and
 *		the one before the requests of an API.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/replay_lag.h"
#include "endpoints/access_request.h"
#include "endpoints/authorization_endpoint.h"
#include "endpoints/challenge_endpoint.h"
#include "endpoints/device_authorization_endpoint.h"
#include "endpoints/end_session_endpoint.h"
#include "endpoints/introspection_endpoint.h"
#include "endpoints/revocation_endpoint.h"
#include "endpoints/token_endpoint.h"
#include "endpoints/userinfo_endpoint.h"
#include "http/http.h"

PG_FUNCTION_INFO_V1(pgt_http_authorize);
PG_FUNCTION_INFO_V1(pgt_http_challenge);
PG_FUNCTION_INFO_V1(pgt_http_complete_challenge);
PG_FUNCTION_INFO_V1(pgt_http_device_authorization);
PG_FUNCTION_INFO_V1(pgt_http_end_session);
PG_FUNCTION_INFO_V1(pgt_http_introspect);
PG_FUNCTION_INFO_V1(pgt_http_par);
PG_FUNCTION_INFO_V1(pgt_http_pre_request);
PG_FUNCTION_INFO_V1(pgt_http_revoke);
PG_FUNCTION_INFO_V1(pgt_http_standby_answers);
PG_FUNCTION_INFO_V1(pgt_http_token);
PG_FUNCTION_INFO_V1(pgt_http_userinfo);

/* what every endpoint does around its use case */
static Datum
serve(FunctionCallInfo fcinfo, const char *path, Jsonb *(*endpoint)(HttpExchange *x))
{
	bool stale = replay_lag_exceeded(); /* before anything is read */
	HttpExchange x;

	http_begin(fcinfo, path, &x);
	return http_end(fcinfo, &x, stale ? http_error(&x, PGT_ERR_STALE_STANDBY) : endpoint(&x));
}

Datum
pgt_http_authorize(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/authorize", authorization_endpoint);
}

Datum
pgt_http_challenge(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/challenge", challenge_endpoint);
}

Datum
pgt_http_complete_challenge(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/complete_challenge", challenge_endpoint_complete);
}

Datum
pgt_http_device_authorization(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/device_authorization", device_authorization_endpoint);
}

Datum
pgt_http_end_session(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/logout", end_session_endpoint);
}

/* its answer is JSON or a signed JWT */
Datum
pgt_http_introspect(PG_FUNCTION_ARGS)
{
	HttpExchange x;

	http_begin(fcinfo, "/oauth2/introspect", &x);
	return http_end_text(fcinfo, &x, introspection_endpoint(&x));
}

Datum
pgt_http_par(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/par", authorization_endpoint_push);
}

Datum
pgt_http_pre_request(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	access_request_precede();
	PG_RETURN_VOID();
}

Datum
pgt_http_revoke(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/revoke", revocation_endpoint);
}

/* for what SQL functions answer; true, or no return */
Datum
pgt_http_standby_answers(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	http_refuse_stale();
	PG_RETURN_BOOL(true);
}

Datum
pgt_http_token(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/token", token_endpoint);
}

Datum
pgt_http_userinfo(PG_FUNCTION_ARGS)
{
	return serve(fcinfo, "/oauth2/userinfo", userinfo_endpoint);
}
