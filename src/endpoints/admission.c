/*
 * admission.c
 *		The door of the resource side.
 *
 * For layers that serve the application's own API: PostgREST does the same by
 * pre_request(), after it has looked at the token itself.
 */
#include "endpoints/admission.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "endpoints/access_request.h"
#include "endpoints/request_place.h"
#include "http/cors.h"
#include "http/http_mark.h"

#define METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/* as PostgREST says it: each name once, in lower case */
static Jsonb *
headers_of(const HttpRequest *request)
{
	Object headers;

	object_begin(&headers);
	for (int i = 0; i < request->n_headers; i++)
		object_string(&headers, request->headers[i].name, request->headers[i].value);
	return object_end(&headers);
}

/* what functions and row policies of an API look at (pgtoken.claim(), request.headers) */
static Jsonb *
settings_of(const HttpRequest *request, Jsonb *claims, const char *role)
{
	Object settings;
	Object of_role;

	object_begin(&of_role);
	object_string(&of_role, "role", role);
	object_begin(&settings);
	object_string(&settings, "request.method", request->method);
	object_string(&settings, "request.path", request->path);
	object_string(&settings, "request.headers", object_text(headers_of(request)));
	object_string(
		&settings, "request.jwt.claims",
		object_text(object_concat(claims ? claims : object_empty(), object_end(&of_role))));
	return object_end(&settings);
}

char *
admission(const HttpRequest *request, HttpExchange *x, Admission *out)
{
	Jsonb *claims = NULL;
	char *role;
	PgtErr err;

	memset(out, 0, sizeof(*out));
	http_arrive();
	http_mark(request);
	http_begin(x, request, NULL, "admit");
	if (cors_is_preflight(request))
	{
		cors_preflight(x, METHODS);
		http_finish(x, false);
		return NULL;
	}
	/* the API's function runs where the family of the token lies */
	if (request_place_is_elsewhere(x, request_place_access_token))
	{
		http_finish(x, false);
		return NULL;
	}
	cors_decorate(x);
	err = request->has_two_hosts ? PGT_ERR_REQUEST_TWO_HOSTS : access_request_admit(x, &claims);
	if (err != PGT_OK)
	{
		char *body = object_text(http_refusal(x, err));

		http_finish(x, true);
		return body;
	}
	http_mark_answer(x);
	role = claims ? member_string(claims, "role") : NULL;
	out->role = role && role[0] ? role : guc_http_anonymous_role;
	out->settings = settings_of(request, claims, out->role);
	return NULL;
}
