/*
 * http.c
 *		One HTTP request as a PostgREST-style layer hands it over, and the answer.
 */
#include "http/http.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"

#include "base/cache.h"
#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/replay_lag.h"
#include "base/strings.h"
#include "core/base/accept.h"
#include "core/base/credentials.h"
#include "core/base/plain_object.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/jose/alg.h"
#include "http/http_form.h"

#define SECONDS_DIGITS 10
#define RETRY_AFTER "5" /* seconds; another server may answer at once */

/* '' is what a setting leaves behind once it was set locally */
static const char *
setting(const char *name)
{
	const char *value = GetConfigOption(name, true, false);

	return value && value[0] ? value : NULL;
}

/* the layer's own session: its login role is the one that is configured */
static bool
session_is_layers(void)
{
	Oid role = get_role_oid(guc_http_authenticator, true);

	return OidIsValid(role) && role == GetSessionUserId();
}

static Jsonb *
headers_of_request(void)
{
	const char *text = setting("request.headers");
	Jsonb *headers;

	if (text == NULL)
		return NULL;
	headers = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	return JB_ROOT_IS_OBJECT(headers) ? headers : NULL;
}

/* an issuer may end in a slash (RFC 8414 section 3.1) */
static char *
endpoint_url(const HttpExchange *x, const char *path)
{
	const char *issuer = x->issuer->issuer;
	int len = strlen(issuer);

	if (issuer[len - 1] == '/')
		len--;
	return psprintf("%.*s%s", len, issuer, path);
}

/* RFC 9110 section 15.5.16: what came is not what was sent, and nobody here can make it so */
static bool
is_compressed(const HttpExchange *x)
{
	char *encoding = http_header(x, "content-encoding");

	return encoding && encoding[0] && pg_strcasecmp(encoding, "identity") != 0;
}

void
http_begin(FunctionCallInfo fcinfo, const char *path, HttpExchange *x)
{
	memset(x, 0, sizeof(*x));
	cache_begin();
	refused_forget();
	replay_begin_request();
	x->issuer = issuer_of_session();
	x->path = path;
	x->url = endpoint_url(x, path);
	x->headers = headers_of_request();
	x->trusted = session_is_layers();
	x->method = unconstify(char *, setting("request.method"));
	x->status = 200;
	initStringInfo(&x->answer_headers);
	http_form_read(fcinfo, x);
	if (is_compressed(x))
		x->form_err = PGT_ERR_REQUEST_ENCODING;
	x->client_id = http_param(x, "client_id");
}

char *
http_token_url(const HttpExchange *x)
{
	return endpoint_url(x, "/oauth2/token");
}

PgtErr
http_check_form(const HttpExchange *x)
{
	return x->form_err;
}

PgtErr
http_check_post(const HttpExchange *x)
{
	if (x->method && strcmp(x->method, "POST") != 0)
		return refused(PGT_ERR_REQUEST_METHOD, "method", x->method, "POST");
	return x->form_err;
}

char *
http_param(const HttpExchange *x, const char *name)
{
	for (int i = 0; i < x->n_fields; i++)
	{
		if (strcmp(x->fields[i].name, name) == 0 && x->fields[i].value[0])
			return x->fields[i].value;
	}
	return NULL;
}

/* n = 0: none */
static char **
params_of(const HttpExchange *x, const char *name, int *n)
{
	char **values = palloc(sizeof(char *) * Max(x->n_fields, 1));

	*n = 0;
	for (int i = 0; i < x->n_fields; i++)
	{
		if (strcmp(x->fields[i].name, name) == 0 && x->fields[i].value[0])
			values[(*n)++] = x->fields[i].value;
	}
	return values;
}

char **
http_resources(const HttpExchange *x, int *n)
{
	int n_audiences;
	char **resources = params_of(x, "resource", n);
	char **audiences = params_of(x, "audience", &n_audiences);
	char **all = palloc(sizeof(char *) * (*n + n_audiences + 1));

	memcpy(all, resources, sizeof(char *) * *n);
	memcpy(all + *n, audiences, sizeof(char *) * n_audiences);
	*n += n_audiences;
	return all;
}

PgtErr
http_seconds(const HttpExchange *x, const char *name, int *seconds)
{
	char *text = http_param(x, name);
	int64_t number = pgtc_text_number(pgtc_slice_str(text), INT_MAX);

	if (text == NULL)
		return PGT_OK;
	if (number < 0 || strlen(text) > SECONDS_DIGITS)
		return refused(PGT_ERR_REQUEST_PARAMETER, name, text, "a number of seconds");
	*seconds = (int) number;
	return PGT_OK;
}

char *
http_header(const HttpExchange *x, const char *name)
{
	return member_string(x->headers, name);
}

char *
http_header_of_setting(const HttpExchange *x, const char *setting)
{
	char *name = pstrdup(setting);

	for (char *c = name; *c; c++)
		*c = pg_ascii_tolower(*c);
	return http_header(x, name);
}

char *
http_credentials(const HttpExchange *x, const char *scheme)
{
	char *header = http_header(x, "authorization");

	/* they end where the header does */
	return header ? unconstify(char *, pgtc_credentials_of(pgtc_slice_str(header), scheme).data)
				  : NULL;
}

PgtcSlice
http_plain_bearer_token(void)
{
	const char *headers = setting("request.headers");

	return pgtc_credentials_of(pgtc_plain_object_get(pgtc_slice_str(headers), "authorization"),
							   "Bearer");
}

bool
http_prefers(const HttpExchange *x, const char *media_type, const char *usual)
{
	char *header = http_header(x, "accept");
	PgtcSlice accept = pgtc_slice_str(header ? header : "");
	bool named;
	bool usual_named;
	int quality = pgtc_accept_quality(accept, media_type, &named);

	return named && quality > 0 && quality >= pgtc_accept_quality(accept, usual, &usual_named);
}

void
http_answer_header(HttpExchange *x, const char *name, const char *value)
{
	appendStringInfoString(&x->answer_headers, x->answer_headers.len > 0 ? ",{" : "{");
	escape_json(&x->answer_headers, name);
	appendStringInfoChar(&x->answer_headers, ':');
	escape_json(&x->answer_headers, value);
	appendStringInfoChar(&x->answer_headers, '}');
}

Jsonb *
http_error(HttpExchange *x, PgtErr err)
{
	const PgtErrInfo *info = errors_info(err);
	Object body;

	refused_record(x->path, x->client_id, err);
	x->status = info->http_status;
	if (err == PGT_ERR_REQUEST_METHOD)
		http_answer_header(x, "Allow", "POST");
	if (err == PGT_ERR_REQUEST_ENCODING)
		http_answer_header(x, "Accept-Encoding", "identity");
	if (err == PGT_ERR_STALE_STANDBY)
		http_answer_header(x, "Retry-After", RETRY_AFTER);
	/* RFC 6749 section 5.2: in answer to an Authorization header, by its scheme */
	if (info->http_status == 401 && http_header(x, "authorization"))
		http_answer_header(x, "WWW-Authenticate",
						   psprintf("Basic realm=\"%s\"", x->issuer->issuer));
	object_begin(&body);
	object_string(&body, "error", info->error);
	object_string(&body, "error_description", refused_description(err));
	return object_end(&body);
}

const char *
http_proof_alg(int n)
{
	return pgtc_alg_nth_name(n, false);
}

void
http_challenge(HttpExchange *x, const char *scheme, PgtErr err, const char *scope)
{
	const PgtErrInfo *info = errors_info(err);
	StringInfoData challenge;

	refused_record(x->path, x->client_id, err);
	initStringInfo(&challenge);
	appendStringInfo(&challenge, "%s realm=\"%s\"", scheme, x->issuer->issuer);
	/* RFC 6750 section 3.1: who has sent no token is not told what is wrong with it */
	if (info->error)
		appendStringInfo(&challenge, ", error=\"%s\", error_description=\"%s\"", info->error,
						 info->description);
	if (scope)
		appendStringInfo(&challenge, ", scope=\"%s\"", scope);
	/* a further challenge, which has a scheme before its parameters (RFC 9110 section 11.6.1) */
	if (err == PGT_ERR_ACCESS_TOKEN_MISSING)
		appendStringInfo(&challenge, ", DPoP realm=\"%s\"", x->issuer->issuer);
	if (err == PGT_ERR_ACCESS_TOKEN_MISSING || strcmp(scheme, "DPoP") == 0)
		appendStringInfo(&challenge, ", algs=\"%s\"", strings_joined(http_proof_alg, " "));
	x->status = info->http_status;
	http_answer_header(x, "WWW-Authenticate", challenge.data);
}

/* {"name": "value", ...} of the headers that the answer has so far */
static Jsonb *
answer_headers(const HttpExchange *x)
{
	char *text = psprintf("[%s]", x->answer_headers.data);
	Jsonb *list = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	Jsonb *headers = object_empty();

	for (uint32 i = 0; i < JB_ROOT_COUNT(list); i++)
		headers = object_concat(headers,
								JsonbValueToJsonb(getIthJsonbValueFromContainer(&list->root, i)));
	return headers;
}

void
http_raise(const HttpExchange *x, PgtErr err)
{
	const PgtErrInfo *info = errors_info(err);
	JsonbValue none = {.type = jbvNull};
	Object body;
	Object head;

	object_begin(&body);
	object_string(&body, "code", info->error);
	object_string(&body, "message", info->description);
	object_value(&body, "details", &none);
	object_value(&body, "hint", &none);
	object_begin(&head);
	object_int(&head, "status", info->http_status);
	object_jsonb(&head, "headers", answer_headers(x));
	ereport(ERROR, (errcode(MAKE_SQLSTATE('P', 'G', 'R', 'S', 'T')),
					errmsg_internal("%s", object_text(object_end(&body))),
					errdetail_internal("%s", object_text(object_end(&head)))));
}

void
http_refuse_stale(void)
{
	HttpExchange x = {0};

	if (!replay_lag_exceeded())
		return;
	initStringInfo(&x.answer_headers);
	http_answer_header(&x, "Retry-After", RETRY_AFTER);
	http_raise(&x, PGT_ERR_STALE_STANDBY);
}

void
http_redirect(HttpExchange *x, const char *url)
{
	x->status = 303;
	http_answer_header(x, "Location", url);
}

void
http_set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}

Datum
http_end_text(FunctionCallInfo fcinfo, HttpExchange *x, const char *body)
{
	http_answer_header(x, "Cache-Control", "no-store");
	http_answer_header(x, "Pragma", "no-cache");
	http_set_local("response.status", psprintf("%d", x->status));
	http_set_local("response.headers", psprintf("[%s]", x->answer_headers.data));
	if (body == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(body));
}

Datum
http_end(FunctionCallInfo fcinfo, HttpExchange *x, Jsonb *body)
{
	return http_end_text(fcinfo, x, object_text(body));
}
