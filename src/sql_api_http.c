/*
 * sql_api_http.c
 *		SQL-callable functions of schema pgtoken_http: one per endpoint.
 */
#include "compat.h"

#include "fmgr.h"

#include "authorize.h"
#include "http.h"
#include "token_endpoint.h"

PG_FUNCTION_INFO_V1(pgt_http_authorize);
PG_FUNCTION_INFO_V1(pgt_http_par);
PG_FUNCTION_INFO_V1(pgt_http_token);

Datum
pgt_http_authorize(PG_FUNCTION_ARGS)
{
	HttpExchange x;

	http_begin(fcinfo, "/oauth2/authorize", &x);
	return http_end(fcinfo, &x, authorize_endpoint(&x));
}

Datum
pgt_http_par(PG_FUNCTION_ARGS)
{
	HttpExchange x;

	http_begin(fcinfo, "/oauth2/par", &x);
	return http_end(fcinfo, &x, pushed_authorization_request_endpoint(&x));
}

Datum
pgt_http_token(PG_FUNCTION_ARGS)
{
	HttpExchange x;

	http_begin(fcinfo, "/oauth2/token", &x);
	return http_end(fcinfo, &x, token_endpoint(&x));
}
