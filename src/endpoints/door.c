/*
 * door.c
 *		The one door: routes, methods, and what every answer has.
 *
 * Whose request is it, and for which endpoint? -> may scripts read the answer? ->
 * is the method one of the endpoint's? -> the form -> is it for this shard? -> can
 * this server answer? -> the endpoint -> the headers of every answer.
 */
#include "endpoints/door.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "portability/instr_time.h"

#include "base/configuration.h"
#include "base/counters.h"
#include "base/guc.h"
#include "base/request_mark.h"
#include "base/object.h"
#include "base/replay_lag.h"
#include "core/oauth/status_list.h"
#include "endpoints/account_endpoint.h"
#include "endpoints/answer_endpoint.h"
#include "endpoints/authorization_endpoint.h"
#include "endpoints/challenge_endpoint.h"
#include "endpoints/console_api.h"
#include "endpoints/console_files.h"
#include "endpoints/device_authorization_endpoint.h"
#include "endpoints/document_trip.h"
#include "endpoints/end_session_endpoint.h"
#include "endpoints/introspection_endpoint.h"
#include "endpoints/metadata_endpoint.h"
#include "endpoints/metrics_endpoint.h"
#include "endpoints/probe_endpoint.h"
#include "endpoints/registration_endpoint.h"
#include "endpoints/request_place.h"
#include "endpoints/revocation_endpoint.h"
#include "endpoints/signals_endpoint.h"
#include "endpoints/status_list_endpoint.h"
#include "endpoints/token_endpoint.h"
#include "endpoints/userinfo_endpoint.h"
#include "http/cors.h"
#include "http/http_form.h"
#include "http/http_mark.h"
#include "http/page.h"
#include "http/resource_metadata.h"

#define METADATA "GET, HEAD, OPTIONS"
#define FORM "POST, OPTIONS"
#define BOTH "GET, HEAD, POST, OPTIONS"
#define ONCE \
	"GET, OPTIONS" /* what looks whether a page is there would have it, and the browser not */
#define MANAGED "GET, HEAD, PUT, DELETE, OPTIONS"
#define STREAMS "GET, POST, PUT, PATCH, DELETE, OPTIONS"
#define STATUS "GET, POST, OPTIONS"
#define REMOVED "DELETE, OPTIONS"
#define FILES "GET, HEAD, OPTIONS"

typedef enum RouteFlags
{
	FOR_SCRIPTS =
		1, /* of other origins; what browsers are sent to is not (RFC 9700 section 2.6), it is for people */
	READS_ONLY = 2, /* so that a standby can answer */
	WELL_KNOWN = 4, /* also with the issuer's path behind it (RFC 8414 section 3.1) */
	IN_QUERY = 8, /* a GET has its parameters there */
	NO_FORM = 16, /* a body is read by the endpoint itself */
	OF_MANY = 32, /* what follows the path names one of many things: a segment more */
	OF_PAIRS = 128, /* the same with two segments */
	OWN_SCRIPTS =
		256, /* for scripts of the issuer's own origin: told in JSON, and no other origin lets in */
	AT_ANY_LAG = 512, /* says itself what it makes of a standby that is too far behind */
	CONFIGURES = 1024, /* changes what a subscriber has from its configuration primary */
	ALIASED = 64 /* also below the issuer's mtls_base_uri (RFC 8705 section 5) */
} RouteFlags;

typedef struct Route
{
	const char *path; /* below the issuer */
	const char *methods;
	PlaceRule place; /* on which of several shards */
	int flags;
	Jsonb *(*json)(HttpExchange *x); /* one of the two answers */
	char *(*text)(HttpExchange *x);
} Route;

static const Route routes[] = {
	{"/oauth2/token", FORM, request_place_grant, FOR_SCRIPTS | ALIASED, NULL, token_endpoint},
	{"/oauth2/introspect", FORM, request_place_token, FOR_SCRIPTS | READS_ONLY | ALIASED, NULL,
	 introspection_endpoint},
	{"/oauth2/userinfo", BOTH, request_place_access_token, FOR_SCRIPTS | READS_ONLY | ALIASED, NULL,
	 userinfo_endpoint},
	{"/oauth2/revoke", FORM, request_place_token, FOR_SCRIPTS | ALIASED, revocation_endpoint, NULL},
	{"/oauth2/jwks", METADATA, request_place_any, FOR_SCRIPTS | READS_ONLY, NULL,
	 metadata_endpoint_keys},
	{"/.well-known/openid-configuration", METADATA, request_place_any,
	 FOR_SCRIPTS | READS_ONLY | WELL_KNOWN, NULL, metadata_endpoint},
	{"/.well-known/oauth-authorization-server", METADATA, request_place_any,
	 FOR_SCRIPTS | READS_ONLY | WELL_KNOWN, NULL, metadata_endpoint},
	{"/oauth2/resource_metadata", METADATA, request_place_any, FOR_SCRIPTS | READS_ONLY | IN_QUERY,
	 NULL, metadata_endpoint_resource},
	{PGTC_STATUS_LIST_PATH, METADATA, request_place_all, FOR_SCRIPTS | READS_ONLY, NULL,
	 status_list_endpoint_all},
	{PGTC_STATUS_LIST_PATH "/", METADATA, request_place_status_list,
	 FOR_SCRIPTS | READS_ONLY | OF_PAIRS, NULL, status_list_endpoint},
	{"/oauth2/authorize", BOTH, request_place_authorization, IN_QUERY, NULL,
	 authorization_endpoint},
	{"/oauth2/answer", ONCE, request_place_answer, IN_QUERY, NULL, answer_endpoint},
	{"/oauth2/par", FORM, request_place_client, FOR_SCRIPTS | ALIASED, authorization_endpoint_push,
	 NULL},
	{"/oauth2/device_authorization", FORM, request_place_device, FOR_SCRIPTS | ALIASED,
	 device_authorization_endpoint, NULL},
	{"/oauth2/challenge", FORM, request_place_step_up, FOR_SCRIPTS, challenge_endpoint, NULL},
	{"/oauth2/complete_challenge", FORM, request_place_step_up, FOR_SCRIPTS,
	 challenge_endpoint_complete, NULL},
	{"/oauth2/logout", BOTH, request_place_logout, IN_QUERY, NULL, end_session_endpoint},
	{"/oauth2/register", FORM, request_place_configuration, FOR_SCRIPTS | NO_FORM | CONFIGURES,
	 registration_endpoint, NULL},
	{"/oauth2/sessions", METADATA, request_place_access_token,
	 FOR_SCRIPTS | READS_ONLY | IN_QUERY | ALIASED, account_endpoint_sessions, NULL},
	{"/oauth2/sessions/end_others", FORM, request_place_access_token,
	 FOR_SCRIPTS | NO_FORM | ALIASED, account_endpoint_end_others, NULL},
	{"/oauth2/sessions/", REMOVED, request_place_access_token,
	 FOR_SCRIPTS | NO_FORM | OF_MANY | ALIASED, account_endpoint_end, NULL},
	{"/oauth2/register/", MANAGED, request_place_configuration,
	 FOR_SCRIPTS | NO_FORM | OF_MANY | CONFIGURES, registration_endpoint_manage, NULL},
	{"/.well-known/ssf-configuration", METADATA, request_place_any,
	 FOR_SCRIPTS | READS_ONLY | WELL_KNOWN, NULL, signals_endpoint_metadata},
	{"/oauth2/signals/streams", STREAMS, request_place_access_token,
	 FOR_SCRIPTS | NO_FORM | CONFIGURES, signals_endpoint_streams, NULL},
	{"/oauth2/signals/status", STATUS, request_place_access_token,
	 FOR_SCRIPTS | NO_FORM | CONFIGURES, signals_endpoint_status, NULL},
	{"/oauth2/signals/verification", FORM, request_place_access_token, FOR_SCRIPTS | NO_FORM,
	 signals_endpoint_verify, NULL},
	{CONSOLE_PATH, FILES, request_place_any, READS_ONLY, NULL, console_files_home},
	{CONSOLE_PATH "/", FILES, request_place_any, READS_ONLY, NULL, console_files_index},
	{CONSOLE_PATH "/configuration", FILES, request_place_any, READS_ONLY | OWN_SCRIPTS, NULL,
	 console_files_configuration},
	{CONSOLE_PATH "/", FILES, request_place_any, READS_ONLY | OF_MANY, NULL, console_files},
	{CONSOLE_PATH "/api/", FORM, request_place_access_token, NO_FORM | OF_MANY | OWN_SCRIPTS,
	 console_api, NULL},
	{"/oauth2/signals/poll/", FORM, request_place_access_token, FOR_SCRIPTS | NO_FORM | OF_MANY,
	 signals_endpoint_poll, NULL},
};

/* of the service and no issuer's */
static const Route service_routes[] = {
	{PROBE_LIVE_PATH, METADATA, request_place_any, READS_ONLY | AT_ANY_LAG, NULL,
	 probe_endpoint_live},
	{PROBE_READY_PATH, METADATA, request_place_any, READS_ONLY | AT_ANY_LAG, NULL,
	 probe_endpoint_ready},
	{METRICS_PATH, METADATA, request_place_metrics, READS_ONLY | AT_ANY_LAG, NULL,
	 metrics_endpoint},
};

/* of an API and not below an issuer: with the API's path behind it (RFC 9728 section 3.1) */
static const Route resource_route = {
	RESOURCE_METADATA_PATH,	  METADATA, request_place_any,
	FOR_SCRIPTS | READS_ONLY, NULL,		metadata_endpoint_resource};

#define OTHER_PATHS "other"

StaticAssertDecl(lengthof(routes) + lengthof(service_routes) + 2 <= COUNTER_ENDPOINTS,
				 "every endpoint has its counters");

const char *
door_endpoint(int n)
{
	if (n < (int) lengthof(routes))
		return routes[n].path;
	n -= lengthof(routes);
	if (n < (int) lengthof(service_routes))
		return service_routes[n].path;
	n -= lengthof(service_routes);
	return n == 0 ? resource_route.path : n == 1 ? OTHER_PATHS : NULL;
}

/* of a path that has two, with a name behind it and without, the first: they are told apart by nothing else */
static int
number_of(const Route *route)
{
	int n = lengthof(routes) + lengthof(service_routes);

	if (route >= routes && route < routes + lengthof(routes))
	{
		const Route *first = routes;

		while (strcmp(first->path, route->path) != 0)
			first++;
		return first - routes;
	}
	if (route >= service_routes && route < service_routes + lengthof(service_routes))
		return lengthof(routes) + (route - service_routes);
	return route ? n : n + 1;
}

static bool
is_joined(const char *path, const char *first, const char *second)
{
	size_t len = strlen(first);

	return strncmp(path, first, len) == 0 && strcmp(path + len, second) == 0;
}

/* is it one segment, or two where there have to be two? */
static bool
is_name(const char *text, bool pair)
{
	const char *slash = strchr(text, '/');

	if (!pair)
		return text[0] && slash == NULL;
	return slash && slash > text && is_name(slash + 1, false);
}

/* the segment that follows, or both, below base; NULL: there is none, or there are more */
static const char *
name_in(const char *base, const Route *route, const char *path)
{
	const char *rest = path + strlen(base);

	if (!(route->flags & (OF_MANY | OF_PAIRS)) || strncmp(path, base, strlen(base)) != 0 ||
		strncmp(rest, route->path, strlen(route->path)) != 0)
		return NULL;
	rest += strlen(route->path);
	return is_name(rest, route->flags & OF_PAIRS) ? rest : NULL;
}

static bool
leads_below(const char *base, const char *path, const Route *route)
{
	if (route->flags & (OF_MANY | OF_PAIRS))
		return name_in(base, route, path) != NULL;
	return is_joined(path, base, route->path);
}

static bool
leads_to(const Issuer *issuer, const char *path, const Route *route)
{
	return leads_below(issuer->path, path, route) ||
		   ((route->flags & WELL_KNOWN) && is_joined(path, route->path, issuer->path));
}

static const Route *
route_of(const Issuer *issuer, const char *path)
{
	for (size_t i = 0; i < lengthof(routes); i++)
	{
		if (leads_to(issuer, path, &routes[i]))
			return &routes[i];
	}
	return NULL;
}

/* those of clients alone: no page that a browser opens, and no document of an issuer that has another URL */
static const Route *
aliased_route(const Issuer *issuer, const char *host, const char *path)
{
	const char *base = host ? issuer_path_at(issuer, host, true) : NULL;

	for (size_t i = 0; base && i < lengthof(routes); i++)
	{
		if ((routes[i].flags & ALIASED) && leads_below(base, path, &routes[i]))
			return &routes[i];
	}
	return NULL;
}

static const Route *
service_route(const char *path)
{
	for (size_t i = 0; i < lengthof(service_routes); i++)
	{
		if (strcmp(service_routes[i].path, path) == 0)
			return &service_routes[i];
	}
	return NULL;
}

/*
 * Several issuers may share a host.  A host that is none's, which may be how a proxy
 * calls this server, means the session's own; and that one alone is meant where it is
 * configured (pgtoken.http_issuer).
 */
static const Route *
find_route(const HttpRequest *request, Issuer **issuer, bool *aliased)
{
	const char *host = http_request_authority(request);
	Issuer *at = NULL;
	const Route *route;

	if (resource_metadata_is_place(request->path))
	{
		*issuer = resource_metadata_issuer(request);
		return &resource_route;
	}
	if (host && guc_http_issuer[0] == '\0')
	{
		bool known = false;

		while ((at = issuer_next_at(host, at)) != NULL)
		{
			known = true;
			*issuer = at;
			route = issuer_path_at(at, host, false) ? route_of(at, request->path) : NULL;
			if (route)
				return route;
			route = aliased_route(at, host, request->path);
			*aliased = route != NULL;
			if (route)
				return route;
		}
		if (known)
			return NULL;
	}
	*issuer = issuer_of_session();
	route = aliased_route(*issuer, host, request->path);
	*aliased = route != NULL;
	return route ? route : route_of(*issuer, request->path);
}

/* RFC 9110 section 9.1: methods are case-sensitive */
static bool
takes(const char *methods, const char *method)
{
	PgtcSlice list = pgtc_slice_str(methods);

	while (list.len > 0)
	{
		if (pgtc_slice_equal(pgtc_slice_trim(pgtc_slice_take(&list, ','), " "),
							 pgtc_slice_str(method)))
			return true;
	}
	return false;
}

static bool
is_method(const HttpExchange *x, const char *method)
{
	return strcmp(x->request->method, method) == 0;
}

static void
read_form(HttpExchange *x, const Route *route)
{
	if (route->flags & NO_FORM)
		return;
	if (is_method(x, "POST"))
		http_form_read(x, x->request->body, true);
	else if (route->flags & IN_QUERY)
		http_form_read(x, x->request->query, false);
}

/* is there something that it can be for? */
static PgtErr
check(const HttpExchange *x, const Route *route)
{
	if (x->request->has_two_hosts)
		return PGT_ERR_REQUEST_TWO_HOSTS;
	if (route == NULL)
		return PGT_ERR_NOT_FOUND;
	return takes(route->methods, x->request->method) ? PGT_OK : PGT_ERR_REQUEST_METHOD;
}

/* what is only read is here, too */
static bool
configures(const HttpExchange *x, const Route *route)
{
	return (route->flags & CONFIGURES) && !is_method(x, "OPTIONS") && !is_method(x, "GET") &&
		   !is_method(x, "HEAD");
}

static PgtErr
check_server(const HttpExchange *x, const Route *route, bool stale)
{
	if (stale && !(route->flags & AT_ANY_LAG))
		return PGT_ERR_STALE_STANDBY;
	if (configures(x, route) && configuration_is_elsewhere())
		return PGT_ERR_CONFIGURATION_ELSEWHERE;
	return XactReadOnly && !(route->flags & READS_ONLY) ? PGT_ERR_READ_ONLY : PGT_OK;
}

static char *
answer(HttpExchange *x, const Route *route, bool stale)
{
	/* a script that looks whether something is there is told that it is not, and so is its preflight */
	bool for_scripts = route == NULL || (route->flags & FOR_SCRIPTS);
	PgtErr err;

	if (for_scripts && cors_is_preflight(x->request))
	{
		cors_preflight(x, route ? route->methods : BOTH);
		return NULL;
	}
	if (for_scripts)
		cors_decorate(x);
	err = check(x, route);
	if (err == PGT_OK && !is_method(x, "OPTIONS"))
	{
		read_form(x, route);
		if (request_place_is_elsewhere(x, route->place) || document_trip(x, route->place))
			return NULL;
	}
	if (err == PGT_OK)
		err = check_server(x, route, stale);
	if (err != PGT_OK)
		return route && (route->flags & (FOR_SCRIPTS | OWN_SCRIPTS))
				   ? object_text(http_error(x, err))
				   : page_error(x, err);
	if (is_method(x, "OPTIONS"))
	{
		x->status = 204;
		http_answer_header(x, "Allow", route->methods);
		return NULL;
	}
	return route->text ? route->text(x) : object_text(route->json(x));
}

/* which endpoint it is; into x what is known before it is asked */
static const Route *
begin(const HttpRequest *request, HttpExchange *x)
{
	const Route *route = service_route(request->path);
	Issuer *issuer = NULL;
	bool aliased = false;

	if (route)
	{
		http_begin_without_issuer(x, request, route->path);
		x->methods = route->methods;
		return route;
	}
	route = find_route(request, &issuer, &aliased);
	http_begin(x, request, issuer, route ? route->path : "");
	if (route)
	{
		x->methods = route->methods;
		x->name = name_in(x->issuer->path, route, request->path);
	}
	if (aliased)
	{
		x->url = issuer_url(x->issuer->mtls_base_uri, route->path);
		x->name = name_in(issuer_path_at(x->issuer, http_request_authority(request), true), route,
						  request->path);
	}
	return route;
}

char *
door_shard_of(const HttpRequest *request, uint32 shards)
{
	HttpExchange x;
	const Route *route;

	http_arrive();
	route = begin(request, &x);
	if (check(&x, route) != PGT_OK || is_method(&x, "OPTIONS"))
		return request_place_name(request_place_any(&x), shards);
	read_form(&x, route);
	return request_place_name(request_place(&x, route->place), shards);
}

static char *
handle(const HttpRequest *request, HttpExchange *x, volatile int *endpoint)
{
	bool stale = replay_lag_exceeded(); /* before anything is read */
	const Route *route;
	char *body;

	http_arrive();
	http_mark(request);
	route = begin(request, x);
	*endpoint = number_of(route);
	body = answer(x, route, stale);
	http_finish(x, body != NULL);
	return body;
}

/* what a layer makes of an error that is raised */
static int
status_of_failure(int sqlstate)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	return sqlstate == ERRCODE_T_R_SERIALIZATION_FAILURE ||
				   sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED ||
				   category == ERRCODE_INSUFFICIENT_RESOURCES ||
				   (category == ERRCODE_OPERATOR_INTERVENTION && sqlstate != ERRCODE_QUERY_CANCELED)
			   ? 503
			   : 500;
}

static void
count(int endpoint, int status, PgtErr err, instr_time begun)
{
	instr_time took;

	INSTR_TIME_SET_CURRENT(took);
	INSTR_TIME_SUBTRACT(took, begun);
	/* 0: it comes again */
	if (status != 0)
		counters_add_answer(endpoint, status, err, INSTR_TIME_GET_MICROSEC(took));
}

char *
door_handle(const HttpRequest *request, HttpExchange *x)
{
	volatile int endpoint = number_of(NULL); /* until it is found */
	ErrorContextCallback context = {error_context_stack, request_mark_add_context, NULL};
	char *body = NULL;
	instr_time begun;

	INSTR_TIME_SET_CURRENT(begun);
	(void) counters(); /* now: what fails is no time to make shared memory */
	error_context_stack = &context;
	PG_TRY();
	{
		body = handle(request, x, &endpoint);
	}
	PG_CATCH();
	{
		count(endpoint, status_of_failure(geterrcode()), PGT_ERR_SERVER, begun);
		PG_RE_THROW();
	}
	PG_END_TRY();
	error_context_stack = context.previous;
	count(endpoint, x->status, x->err, begun);
	return body;
}
