/*
 * http.c
 *		One exchange: a request that has been given to an endpoint, and the answer.
 */
#include "http/http.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/cache.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/replay_lag.h"
#include "base/strings.h"
#include "core/base/accept.h"
#include "core/base/credentials.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/jose/alg.h"
#include "http/http_mark.h"

#define SECONDS_DIGITS 10
#define RETRY_AFTER "5" /* seconds; another server may answer at once */
#define RETRY_SOON "1"
#define WAIT "200" /* milliseconds in which a document may have come */

void
http_arrive(void)
{
	cache_begin();
	refused_forget();
	replay_begin_request();
}

void
http_begin(HttpExchange *x, const HttpRequest *request, Issuer *issuer, const char *path)
{
	http_begin_without_issuer(x, request, path);
	x->issuer = issuer ? issuer : issuer_of_session();
	x->url = issuer_url(x->issuer->issuer, path);
}

void
http_begin_without_issuer(HttpExchange *x, const HttpRequest *request, const char *path)
{
	memset(x, 0, sizeof(*x));
	x->request = request;
	x->path = path;
	x->methods = "";
	x->status = 200;
	x->content_type = "application/json";
	x->answer = palloc(sizeof(HttpField) * HTTP_ANSWER_HEADERS_MAX);
}

char *
http_token_url(const HttpExchange *x)
{
	return issuer_url(x->issuer->issuer, "/oauth2/token");
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
	return http_request_header(x->request, name);
}

char *
http_header_of_setting(const HttpExchange *x, const char *setting)
{
	return http_request_header_of_setting(x->request, setting);
}

char *
http_credentials(const HttpExchange *x, const char *scheme)
{
	char *header = http_header(x, "authorization");

	/* they end where the header does */
	return header ? unconstify(char *, pgtc_credentials_of(pgtc_slice_str(header), scheme).data)
				  : NULL;
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
	if (x->n_answer == HTTP_ANSWER_HEADERS_MAX)
		elog(ERROR, "too many headers in an answer");
	x->answer[x->n_answer++] = (HttpField){unconstify(char *, name), unconstify(char *, value)};
}

/* RFC 6749 section 5.2 */
static void
error_members(Object *body, PgtErr err)
{
	object_string(body, "error", errors_info(err)->error);
	object_string(body, "error_description", refused_description(err));
}

Jsonb *
http_refusal(HttpExchange *x, PgtErr err)
{
	const PgtErrInfo *info = errors_info(err);
	Object body;

	x->err = err;
	x->status = info->http_status;
	if (err == PGT_ERR_WAIT)
	{
		/* what the layer is told, not who has sent the request */
		x->status = 0;
		http_answer_header(x, "Wait", WAIT);
		return object_empty();
	}
	if (err == PGT_ERR_ELSEWHERE)
	{
		x->status = 0;
		return object_empty();
	}
	if (err == PGT_ERR_REQUEST_METHOD)
		http_answer_header(x, "Allow", x->methods);
	if (err == PGT_ERR_REQUEST_ENCODING)
		http_answer_header(x, "Accept-Encoding", "identity");
	if (info->http_status == 503)
		http_answer_header(x, "Retry-After", RETRY_AFTER);
	object_begin(&body);
	error_members(&body, err);
	return object_end(&body);
}

Jsonb *
http_error(HttpExchange *x, PgtErr err)
{
	/* what is asked for at random paths would leave no room in the ring */
	if (err != PGT_ERR_NOT_FOUND)
		refused_record(x->path, x->client_id, err);
	/* RFC 6749 section 5.2: in answer to an Authorization header, by its scheme */
	if (errors_info(err)->http_status == 401 && http_header(x, "authorization"))
		http_answer_header(x, "WWW-Authenticate",
						   psprintf("Basic realm=\"%s\"", x->issuer->issuer));
	return http_refusal(x, err);
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

	x->err = err;
	refused_record(x->path, x->client_id, err);
	initStringInfo(&challenge);
	appendStringInfo(&challenge, "%s realm=\"%s\"", scheme, x->issuer->issuer);
	/* RFC 6750 section 3.1: who has sent no token is not told what is wrong with it */
	if (info->error)
		appendStringInfo(&challenge, ", error=\"%s\", error_description=\"%s\"", info->error,
						 info->description);
	if (scope)
		appendStringInfo(&challenge, ", scope=\"%s\"", scope);
	/* RFC 9728 section 5.1 */
	if (x->resource_metadata)
		appendStringInfo(&challenge, ", resource_metadata=\"%s\"", x->resource_metadata);
	/* a further challenge, which has a scheme before its parameters (RFC 9110 section 11.6.1) */
	if (err == PGT_ERR_ACCESS_TOKEN_MISSING)
		appendStringInfo(&challenge, ", DPoP realm=\"%s\"", x->issuer->issuer);
	if (err == PGT_ERR_ACCESS_TOKEN_MISSING || strcmp(scheme, "DPoP") == 0)
		appendStringInfo(&challenge, ", algs=\"%s\"", strings_joined(http_proof_alg, " "));
	x->status = info->http_status;
	http_answer_header(x, "WWW-Authenticate", challenge.data);
}

Jsonb *
http_come_again(HttpExchange *x)
{
	PgtErr err = PGT_ERR_ELSEWHERE;
	Object body;
	int n = 0;

	for (int i = 0; i < x->n_answer; i++)
	{
		const char *name = x->answer[i].name;
		bool wait = strcmp(name, "Wait") == 0;

		if (wait)
			err = PGT_ERR_WAIT;
		/* what is for the layer alone */
		if (strcmp(name, "Carry") != 0)
			x->answer[n++] = wait || strcmp(name, "Shard") == 0
								 ? (HttpField){"Retry-After", RETRY_SOON}
								 : x->answer[i];
	}
	x->n_answer = n;
	x->status = errors_info(err)->http_status;
	object_begin(&body);
	error_members(&body, err);
	return object_end(&body);
}

/* {"name": "value", ...} */
static Jsonb *
answer_headers(const HttpExchange *x)
{
	Object headers;

	object_begin(&headers);
	for (int i = 0; i < x->n_answer; i++)
		object_string(&headers, x->answer[i].name, x->answer[i].value);
	return object_end(&headers);
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
	x.answer = palloc(sizeof(HttpField) * HTTP_ANSWER_HEADERS_MAX);
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

void
http_finish(HttpExchange *x, bool has_body)
{
	if (has_body)
		http_answer_header(x, "Content-Type", x->content_type);
	if (x->max_age > 0)
		http_answer_header(
			x, "Cache-Control",
			psprintf("public, max-age=%d%s", x->max_age, x->immutable ? ", immutable" : ""));
	else
	{
		http_answer_header(x, "Cache-Control", "no-store");
		http_answer_header(x, "Pragma", "no-cache");
	}
	http_mark_answer(x);
}

void
http_answer_settings(const HttpExchange *x)
{
	Object list;

	object_array_begin(&list);
	for (int i = 0; i < x->n_answer; i++)
	{
		Object header;

		object_begin(&header);
		object_string(&header, x->answer[i].name, x->answer[i].value);
		object_array_add(&list, object_end(&header));
	}
	http_set_local("response.status", psprintf("%d", x->status));
	http_set_local("response.headers", object_text(object_array_end(&list)));
}
