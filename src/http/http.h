/*
 * http.h
 *		One exchange: a request that has been given to an endpoint, and the answer
 *		as it grows.
 */
#ifndef PGT_HTTP_H
#define PGT_HTTP_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "base/errors.h"
#include "core/base/slice.h"
#include "http/http_request.h"
#include "tables/issuer.h"

#define HTTP_ANSWER_HEADERS_MAX 24

typedef struct HttpExchange
{
	const HttpRequest *request;
	Issuer *issuer; /* whom the endpoint speaks for */
	char *url; /* of the endpoint */
	const char *path; /* of it, below the issuer */
	const char
		*name; /* what follows its path, of an endpoint for many things; NULL: it is for one */
	const char *methods; /* that it takes */
	const char *resource_metadata; /* what a challenge names (resource_metadata.h); NULL: nothing */
	const char *client_id; /* as the request names it; NULL: it does not, or not yet */
	bool has_home; /* it is known on which shard it is to be answered (hop.h): */
	uint32 home; /* that of this placement */
	Jsonb *vouched; /* what another shard is told where it goes on there; NULL: nothing */
	bool carried_used; /* what came from another counts as used */
	PgtErr form_err; /* the form could not be read */
	HttpField *fields; /* of it */
	int n_fields;
	int status;
	PgtErr err; /* that is told; PGT_OK: none */
	const char *content_type; /* of the body, if it has one */
	int max_age; /* seconds for which anybody may keep the answer; 0: nobody may */
	bool immutable; /* what has this URL never becomes another, for as long as max_age */
	size_t body_len; /* of a body that is no text; 0: it ends at its NUL */
	HttpField *answer; /* its headers so far */
	int n_answer;
} HttpExchange;

/* a request has come: before anything is looked up for it */
extern void http_arrive(void);

/* path: of the endpoint below the issuer, e.g. "/oauth2/token"; issuer NULL: that of the session */
extern void http_begin(HttpExchange *x, const HttpRequest *request, Issuer *issuer,
					   const char *path);

/* the same of what is no issuer's: x->issuer and x->url are NULL */
extern void http_begin_without_issuer(HttpExchange *x, const HttpRequest *request,
									  const char *path);

/* the issuer's token endpoint */
extern char *http_token_url(const HttpExchange *x);

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

/* does the caller ask for this type by name, and want the usual one no more than it (RFC 9110 section 12.5.1)? */
extern bool http_prefers(const HttpExchange *x, const char *media_type, const char *usual);

extern void http_answer_header(HttpExchange *x, const char *name, const char *value);

/*
 * Status, headers and body of a refusal, whoever has recorded it.  Of PGT_ERR_WAIT
 * status 0 and the header Wait: the layer commits and calls again.  Of
 * PGT_ERR_ELSEWHERE status 0 with what hop_to() has said.
 */
extern Jsonb *http_refusal(HttpExchange *x, PgtErr err);

/* the same of a protocol answer (RFC 6749 section 5.2): recorded, and with WWW-Authenticate where due */
extern Jsonb *http_error(HttpExchange *x, PgtErr err);

/*
 * 401 or 403 of a protected resource (RFC 6750 section 3): scheme Bearer or DPoP,
 * no body.  Who has sent no token is told of both (RFC 9449 section 7.2).
 */
extern void http_challenge(HttpExchange *x, const char *scheme, PgtErr err, const char *scope);

/* what a signature of somebody else's may be made by, under each of its names; as StringsNth */
extern const char *http_proof_alg(int n);

/* status 0 made a 503 that says when to come again, and its body: for a layer that neither waits nor routes */
extern Jsonb *http_come_again(HttpExchange *x);

/* 303 See Other */
extern void http_redirect(HttpExchange *x, const char *url);

/* the headers that every answer has; has_body: one follows */
extern void http_finish(HttpExchange *x, bool has_body);

/* --- for PostgREST, which takes an answer apart into settings and errors ----------- */

/*
 * Ends the request and its transaction with the error's status and the headers so
 * far: SQLSTATE PGRST, the body in the message, status and headers in the detail.
 */
extern void http_raise(const HttpExchange *x, PgtErr err);

/* 503 in that way on a standby that is too far behind (replay_lag.h) */
extern void http_refuse_stale(void);

/* status and headers into response.status and response.headers */
extern void http_answer_settings(const HttpExchange *x);

/* a setting until the transaction ends, as SET LOCAL */
extern void http_set_local(const char *name, const char *value);

#endif /* PGT_HTTP_H */
