/*
 * cors.c
 *		What scripts of other origins may do.
 */
#include "http/cors.h"

#include "lib/stringinfo.h"

#include "base/guc.h"

/* what a client must see: the nonce for its next proof, why it was refused, when to come again, by what to ask */
#define EXPOSED \
	"Content-Type, Date, DPoP-Nonce, Location, Retry-After, WWW-Authenticate, X-Request-Id"

#define ALWAYS_ALLOWED "Authorization, Content-Type, Accept, DPoP"
#define PREFLIGHT_SECONDS "86400"

static bool
is_welcome(const char *origin)
{
	PgtcSlice list = pgtc_slice_str(guc_http_cors_origins);

	while (list.len > 0)
	{
		if (pgtc_slice_equal(pgtc_slice_trim(pgtc_slice_take(&list, ','), " \t"),
							 pgtc_slice_str(origin)))
			return true;
	}
	return false;
}

/* says whether the origin may */
static bool
allow_origin(HttpExchange *x)
{
	bool any = guc_http_cors_origins[0] == '\0';
	char *origin = http_header(x, "origin");

	/* also where any may: a cache must not give scripts what was made for somebody else */
	http_answer_header(x, "Vary", "Origin");
	if (origin == NULL || !(any || is_welcome(origin)))
		return false;
	http_answer_header(x, "Access-Control-Allow-Origin", any ? "*" : origin);
	return true;
}

bool
cors_is_preflight(const HttpRequest *request)
{
	return strcmp(request->method, "OPTIONS") == 0 && http_request_header(request, "origin") &&
		   http_request_header(request, "access-control-request-method");
}

static bool
is_name(PgtcSlice name)
{
	for (size_t i = 0; i < name.len; i++)
	{
		if (!isalnum((unsigned char) name.data[i]) && name.data[i] != '-' && name.data[i] != '_')
			return false;
	}
	return name.len > 0;
}

/* the usual headers, and whatever else the script wants to send: none does harm here */
static char *
allowed_headers(const HttpExchange *x)
{
	PgtcSlice asked = pgtc_slice_str(http_header(x, "access-control-request-headers"));
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, ALWAYS_ALLOWED);
	while (asked.len > 0)
	{
		PgtcSlice name = pgtc_slice_trim(pgtc_slice_take(&asked, ','), " \t");

		if (is_name(name))
			appendStringInfo(&list, ", %.*s", (int) name.len, name.data);
	}
	return list.data;
}

void
cors_preflight(HttpExchange *x, const char *methods)
{
	x->status = 204;
	if (!allow_origin(x))
		return;
	http_answer_header(x, "Access-Control-Allow-Methods", methods);
	http_answer_header(x, "Access-Control-Allow-Headers", allowed_headers(x));
	http_answer_header(x, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
}

void
cors_decorate(HttpExchange *x)
{
	if (allow_origin(x))
		http_answer_header(x, "Access-Control-Expose-Headers", EXPOSED);
}
