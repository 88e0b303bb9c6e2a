/*
 * http_request.h
 *		One HTTP request as a layer hands it over.
 *
 * By arguments (pgtoken_http.handle and admit), or by the settings request.* of
 * PostgREST (pre_request, and the functions of pgtoken_postgrest).  Any SQL client
 * can give arguments or set request.*: what it could gain by that (an address, a
 * certificate) is believed only when the session's login role is a layer's.
 */
#ifndef PGT_HTTP_REQUEST_H
#define PGT_HTTP_REQUEST_H

#include "base/compat.h"

#include "utils/array.h"
#include "utils/jsonb.h"

#include "core/base/slice.h"

typedef struct HttpField
{
	char *name;
	char *value;
} HttpField;

/* what the layer vouches for; all of it zero where nobody does */
typedef struct HttpPeer
{
	char *address;
	char *certificate; /* as core/jose/certificate.h reads it */
	char *scheme;
	char *request_id; /* by which the layer, or a proxy before it, has logged the request */
	Jsonb *context; /* members of the context that policies judge */
	bool certificates; /* the layer asks for them, whether one came or not */
	bool
		routed; /* it has been sent to this shard already, and its parameters send it nowhere else */
	char *carried; /* what the shard before has sealed (hop.h) */
	bool proxied; /* a proxy before the layer sets, or takes away, the headers that settings name */
} HttpPeer;

typedef struct HttpRequest
{
	const char *method; /* NULL: the layer does not say */
	const char
		*authority; /* of a target that is a whole URL: it counts, and no Host header; NULL */
	const char *path; /* as it came, nothing decoded; "" where there is none */
	PgtcSlice query;
	PgtcSlice body;
	HttpField *headers; /* names in lower case, each once: repeats are joined by ", " */
	int n_headers;
	bool has_two_hosts;
	HttpPeer peer;
} HttpRequest;

/*
 * The arguments of handle() and admit(); body NULL: empty, peer NULL: nothing.
 * ereport(22004, 22023) for what no layer sends: no method, a header without a
 * value, a character that is no octet, a peer that is no object.
 */
extern void http_request_read(text *method, text *target, ArrayType *headers, bytea *body,
							  Jsonb *peer, HttpRequest *request);

/* from PostgREST's settings: the request that it was sent */
extern void http_request_of_settings(HttpRequest *request);

/*
 * The same where a proxy has made a POST of it: method, target and what would be judged
 * on the way come in headers Pgtoken-*, which it sets and lets nobody else set.
 */
extern void http_request_of_proxy(bytea *body, HttpRequest *request);

/* name in lower case; NULL */
extern char *http_request_header(const HttpRequest *request, const char *name);

/* the host, with its port, that the request is for; NULL */
extern const char *http_request_authority(const HttpRequest *request);

/* the header that a setting names, in whatever case; NULL */
extern char *http_request_header_of_setting(const HttpRequest *request, const char *setting);

/*
 * The token of an Authorization header with the scheme Bearer, of PostgREST's
 * settings, for who wants to know nothing else of the request; empty: there is
 * none, or request.headers is not written as plainly as usual and
 * http_request_of_settings() must read it.
 */
extern PgtcSlice http_request_plain_bearer_token(void);

#endif /* PGT_HTTP_REQUEST_H */
