/*
 * http.h
 *		One HTTP request as a PostgREST-style layer hands it to a function of
 *		schema pgtoken_http, and the answer it takes back.
 *
 * In: the form, as raw text or as named arguments, and the settings request.*.
 * Out: a JSON body, response.status and response.headers.  Any SQL client can set
 * request.*: what it could gain by that (an address, a certificate) is believed
 * only when the session's login role is the layer's.
 */
#ifndef PGT_HTTP_H
#define PGT_HTTP_H

#include "base/compat.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "base/errors.h"
#include "core/base/slice.h"
#include "tables/issuer.h"

typedef struct HttpField
{
	char *name;
	char *value;
} HttpField;

typedef struct HttpExchange
{
	Issuer *issuer; /* whom the endpoint speaks for */
	char *url; /* of the endpoint */
	const char *path; /* of it, below the issuer */
	const char *client_id; /* as the request names it; NULL: it does not, or not yet */
	PgtErr form_err; /* the form could not be read */
	HttpField *fields;
	int n_fields;
	char *method; /* NULL: the layer does not say */
	Jsonb *headers; /* names in lower case; NULL: none */
	bool trusted; /* the session belongs to the HTTP layer */
	int status;
	StringInfoData answer_headers; /* members of the array, comma-separated */
} HttpExchange;

/* path: of the endpoint below the issuer, e.g. "/oauth2/token" */
extern void http_begin(FunctionCallInfo fcinfo, const char *path, HttpExchange *x);

/* the issuer's token endpoint */
extern char *http_token_url(const HttpExchange *x);

/* method POST (also where the layer does not say), form readable, no parameter but resource repeated */
extern PgtErr http_check_post(const HttpExchange *x);
extern PgtErr http_check_form(const HttpExchange *x); /* the same for any method */

/* NULL when the parameter is absent or empty (RFC 6749 section 3.2) */
extern char *http_param(const HttpExchange *x, const char *name);

/*
 * The APIs that the request is for: resource (RFC 8707), and audience, as other
 * servers and RFC 8693 call it; n = 0: none.
 */
extern char **http_resources(const HttpExchange *x, int *n);

/* left as it is when the parameter is absent; PGT_ERR_REQUEST_PARAMETER for anything but digits, or too many seconds for an int */
extern PgtErr http_seconds(const HttpExchange *x, const char *name, int *seconds);

/* name in lower case; NULL */
extern char *http_header(const HttpExchange *x, const char *name);

/* the header that a setting names, in whatever case; NULL */
extern char *http_header_of_setting(const HttpExchange *x, const char *setting);

/* the credentials of an Authorization header of this scheme; NULL */
extern char *http_credentials(const HttpExchange *x, const char *scheme);

/*
 * The token of an Authorization header with the scheme Bearer, for who wants to
 * know nothing else of the request; empty: there is none, or request.headers is
 * not written as plainly as usual and http_begin() must read it.
 */
extern PgtcSlice http_plain_bearer_token(void);

/* does the caller ask for this type by name, and want the usual one no more than it (RFC 9110 section 12.5.1)? */
extern bool http_prefers(const HttpExchange *x, const char *media_type, const char *usual);

extern void http_answer_header(HttpExchange *x, const char *name, const char *value);

/* status and body of a protocol answer (RFC 6749 section 5.2); sets WWW-Authenticate where due */
extern Jsonb *http_error(HttpExchange *x, PgtErr err);

/*
 * 401 or 403 of a protected resource (RFC 6750 section 3): scheme Bearer or DPoP,
 * no body.  Who has sent no token is told of both (RFC 9449 section 7.2).
 */
extern void http_challenge(HttpExchange *x, const char *scheme, PgtErr err, const char *scope);

/* what a signature of somebody else's may be made by, under each of its names; as StringsNth */
extern const char *http_proof_alg(int n);

/*
 * Ends the request and its transaction with the error's status and the headers so
 * far, PostgREST's way: SQLSTATE PGRST, the body in the message, status and headers
 * in the detail.
 */
extern void http_raise(const HttpExchange *x, PgtErr err);

/* 503 in that way on a standby that is too far behind (replay_lag.h) */
extern void http_refuse_stale(void);

/* 303 See Other */
extern void http_redirect(HttpExchange *x, const char *url);

/* a setting until the transaction ends, as SET LOCAL */
extern void http_set_local(const char *name, const char *value);

/* hands status and headers to the layer, with Cache-Control: no-store; the function's result, a text datum, follows from body; NULL: empty */
extern Datum http_end(FunctionCallInfo fcinfo, HttpExchange *x, Jsonb *body);
extern Datum http_end_text(FunctionCallInfo fcinfo, HttpExchange *x, const char *body);

#endif /* PGT_HTTP_H */
