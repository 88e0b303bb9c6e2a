/*
 * http_request.c
 *		One HTTP request as a layer hands it over.
 */
#include "http/http_request.h"

#include "catalog/pg_type.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/strings.h"
#include "core/base/credentials.h"
#include "core/base/plain_object.h"
#include "core/base/request_target.h"

#define PROXY_PREFIX "pgtoken-"
#define PROXY_CONTEXT "context-"

/* '' is what a setting leaves behind once it was set locally */
static const char *
setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value && value[0] ? value : NULL;
}

/* a layer's own session: its login role is one of those that are configured */
static bool
session_is_layers(void)
{
	List *names;
	ListCell *cell;

	if (!SplitIdentifierString(pstrdup(guc_http_authenticator), ',', &names))
		return false;
	foreach (cell, names)
	{
		Oid role = get_role_oid(lfirst(cell), true);

		if (OidIsValid(role) && role == GetSessionUserId())
			return true;
	}
	return false;
}

/*
 * ISO-8859-1: a character is an octet.  In a database whose encoding is not UTF-8
 * it is one already.
 */
static char *
octets_of(char *string, const char *argument)
{
	size_t len = strlen(string);
	char *octets;
	long n;

	if (GetDatabaseEncoding() != PG_UTF8 || pg_is_ascii(string))
		return string;
	octets = palloc(len + 1);
	n = pgtc_request_target_octets(pgtc_slice(string, len), octets);
	if (n < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be octets, one a character", argument),
						errdetail("There is a character beyond U+00FF."),
						errhint("Decode what the client has sent as ISO-8859-1.")));
	octets[n] = '\0';
	return octets;
}

/* what most senders mean by such octets, where it can be that; otherwise the characters that they are */
static char *
value_of(char *string)
{
	char *octets = octets_of(string, "headers");

	return octets != string && pg_verifymbstr(octets, strlen(octets), true) ? octets : string;
}

static char *
lower_case(const char *name, size_t len)
{
	char *lower = pnstrdup(name, len);

	for (char *c = lower; *c; c++)
		*c = pg_ascii_tolower(*c);
	return lower;
}

static HttpField *
find(const HttpRequest *request, const char *name)
{
	for (int i = 0; i < request->n_headers; i++)
	{
		if (strcmp(request->headers[i].name, name) == 0)
			return &request->headers[i];
	}
	return NULL;
}

char *
http_request_header(const HttpRequest *request, const char *name)
{
	const HttpField *field = find(request, name);

	return field ? field->value : NULL;
}

const char *
http_request_authority(const HttpRequest *request)
{
	return request->authority ? request->authority : http_request_header(request, "host");
}

char *
http_request_header_of_setting(const HttpRequest *request, const char *setting)
{
	return http_request_header(request, lower_case(setting, strlen(setting)));
}

static void
add_header(HttpRequest *request, char *name, char *value)
{
	HttpField *before = find(request, name);

	if (before == NULL)
		request->headers[request->n_headers++] = (HttpField){name, value};
	else
	{
		/* so that whoever reads it sees that there were two (RFC 9110 section 5.3) */
		before->value = psprintf("%s, %s", before->value, value);
		request->has_two_hosts |= strcmp(name, "host") == 0;
	}
}

static void
read_headers(ArrayType *array, HttpRequest *request)
{
	int n;
	char **parts = strings_of_array(array, "headers", &n);

	if (n % 2 != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("headers must be name, value, name, value, ..."),
						errdetail("There are %d elements.", n)));
	request->headers = palloc(sizeof(HttpField) * (n / 2 + 1));
	for (int i = 0; i < n; i += 2)
		add_header(request, lower_case(parts[i], strlen(parts[i])), value_of(parts[i + 1]));
}

static void
read_target(char *target, HttpRequest *request)
{
	PgtcSlice authority;
	PgtcSlice path;

	pgtc_request_target_split(pgtc_slice_str(octets_of(target, "target")), &authority, &path,
							  &request->query);
	if (authority.data)
		request->authority = pnstrdup(authority.data, authority.len);
	request->path = pnstrdup(path.data, path.len);
}

static void
read_peer(Jsonb *json, HttpPeer *peer)
{
	Jsonb *context;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("peer must be an object"),
						errhint("Its members are address, certificate, scheme, context, proxied, "
								"request_id, routed and carried.")));
	if (JB_ROOT_COUNT(json) == 0 || !session_is_layers())
		return;
	context = member_json(json, "context");
	peer->address = member_string(json, "address");
	peer->certificate = member_string(json, "certificate");
	peer->scheme = member_string(json, "scheme");
	peer->request_id = member_string(json, "request_id");
	peer->context = context && JB_ROOT_IS_OBJECT(context) ? context : NULL;
	peer->routed = member_bool(json, "routed", false);
	peer->carried = member_string(json, "carried");
	peer->proxied = member_bool(json, "proxied", false);
	peer->certificates = member_json(json, "certificate") != NULL ||
						 (peer->proxied && guc_http_client_certificate_header[0] != '\0');
}

static void
require(bool given, const char *argument)
{
	if (!given)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", argument)));
}

void
http_request_read(text *method, text *target, ArrayType *headers, bytea *body, Jsonb *peer,
				  HttpRequest *request)
{
	memset(request, 0, sizeof(*request));
	require(method != NULL, "method");
	require(target != NULL, "target");
	require(headers != NULL, "headers");
	request->method = text_to_cstring(method);
	read_target(text_to_cstring(target), request);
	read_headers(headers, request);
	if (body)
		request->body = pgtc_slice(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	if (peer)
		read_peer(peer, &request->peer);
}

static Jsonb *
headers_of_settings(void)
{
	const char *text = setting("request.headers");
	Jsonb *headers;

	if (text == NULL)
		return NULL;
	headers = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	return JB_ROOT_IS_OBJECT(headers) ? headers : NULL;
}

void
http_request_of_settings(HttpRequest *request)
{
	Jsonb *headers = headers_of_settings();
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	memset(request, 0, sizeof(*request));
	request->method = setting("request.method");
	request->path = setting("request.path");
	if (request->path == NULL)
		request->path = "";
	request->peer.proxied = session_is_layers();
	if (headers == NULL)
		return;
	request->headers = palloc(sizeof(HttpField) * (JB_ROOT_COUNT(headers) + 1));
	it = JsonbIteratorInit(&headers->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = lower_case(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && name && value.type == jbvString)
			add_header(request, name, pnstrdup(value.val.string.val, value.val.string.len));
	}
}

static char *
without_prefix(char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : NULL;
}

/* Pgtoken-Context-Session-Id is the member session_id */
static void
add_context(const char *name, const char *value, Object *context)
{
	char *member = pstrdup(name);

	for (char *c = member; *c; c++)
	{
		if (*c == '-')
			*c = '_';
	}
	object_string(context, member, value);
}

/* what the proxy says about the connection, where this session is a layer's */
static void
read_proxy(const HttpRequest *all, HttpPeer *peer)
{
	Object context;

	if (!session_is_layers())
		return;
	peer->address = http_request_header(all, PROXY_PREFIX "address");
	peer->certificate = http_request_header(all, PROXY_PREFIX "certificate");
	peer->scheme = http_request_header(all, PROXY_PREFIX "scheme");
	peer->request_id = http_request_header(all, PROXY_PREFIX "request-id");
	/* nginx leaves an empty header out, so that there is none without a certificate */
	peer->certificates = guc_http_client_certificate_header[0] != '\0' || peer->certificate;
	object_begin(&context);
	for (int i = 0; i < all->n_headers; i++)
	{
		const char *name = without_prefix(all->headers[i].name, PROXY_PREFIX PROXY_CONTEXT);

		if (name)
			add_context(name, all->headers[i].value, &context);
	}
	peer->context = object_end(&context);
}

/* what PostgREST would judge itself, or nginx needs for itself: it comes under a name of its own */
static const char *const renamed[] = {"accept",
									  "accept-encoding",
									  "authorization",
									  "content-encoding",
									  "content-type",
									  "host",
									  "origin",
									  "access-control-request-headers",
									  "access-control-request-method"};

static bool
is_renamed(const char *name)
{
	for (size_t i = 0; i < lengthof(renamed); i++)
	{
		if (strcmp(renamed[i], name) == 0)
			return true;
	}
	return false;
}

void
http_request_of_proxy(bytea *body, HttpRequest *request)
{
	HttpRequest all;
	char *target;

	http_request_of_settings(&all);
	memset(request, 0, sizeof(*request));
	read_proxy(&all, &request->peer);
	request->method = http_request_header(&all, PROXY_PREFIX "method");
	if (request->method == NULL)
		request->method = "";
	target = http_request_header(&all, PROXY_PREFIX "target");
	read_target(target ? target : pstrdup(""), request);
	if (body)
		request->body = pgtc_slice(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	request->headers = palloc(sizeof(HttpField) * (all.n_headers + 1));
	for (int i = 0; i < all.n_headers; i++)
	{
		HttpField *field = &all.headers[i];
		char *name = without_prefix(field->name, PROXY_PREFIX);

		if (name ? is_renamed(name) : !is_renamed(field->name))
			add_header(request, name ? name : field->name, field->value);
	}
}

PgtcSlice
http_request_plain_bearer_token(void)
{
	const char *headers = setting("request.headers");

	return pgtc_credentials_of(pgtc_plain_object_get(pgtc_slice_str(headers), "authorization"),
							   "Bearer");
}
