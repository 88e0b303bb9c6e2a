/*
 * signals_endpoint.c
 *		Use cases: a receiver makes, reads, changes and deletes its streams of signals,
 *		sets their status, asks whether signals arrive, and fetches them.
 *
 * Whose request it is, is found out here: the receiver is a client and comes with an
 * access token of its own for the issuer.  What it may have, is decided by the function
 * behind tables/signal_stream.h.
 */
#include "endpoints/signals_endpoint.h"

#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/request.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "endpoints/access_request.h"
#include "http/http_body.h"
#include "http/http_context.h"
#include "http/http_form.h"
#include "tables/audit.h"
#include "tables/signal_stream.h"

#define MANAGE "ssf.manage"
#define READ "ssf.read"

static const struct
{
	const char *refused;
	PgtErr err;
} reasons[] = {
	{"stream", PGT_ERR_SIGNAL_STREAM}, {"unknown", PGT_ERR_SIGNAL_UNKNOWN},
	{"full", PGT_ERR_SIGNAL_FULL},	   {"rate", PGT_ERR_SIGNAL_RATE},
	{"held", PGT_ERR_SIGNAL_HELD},
};

char *
signals_endpoint_metadata(HttpExchange *x)
{
	char *metadata = signal_stream_metadata(x->issuer);

	if (metadata == NULL)
		return object_text(http_error(x, PGT_ERR_NOT_FOUND));
	x->max_age = 300;
	return metadata;
}

static bool
has_scope(Jsonb *claims, bool reads)
{
	return access_request_has_scope(claims, MANAGE) ||
		   (reads && access_request_has_scope(claims, READ));
}

/* who has let a client act for himself has not let it look after its streams, nor a script of his browser's */
static PgtErr
check_receiver(HttpExchange *x, Jsonb *claims, bool reads)
{
	char *subject = member_string(claims, "sub");

	if (strcmp(member_string(claims, "iss"), x->issuer->issuer) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "iss", member_string(claims, "iss"),
					   x->issuer->issuer);
	if (subject == NULL || !request_subject_is_client(subject))
		return PGT_ERR_SIGNAL_NOT_CLIENT;
	if (!has_scope(claims, reads))
		return refused(PGT_ERR_ACCESS_TOKEN_SCOPE, "scope", member_string(claims, "scope"),
					   reads ? READ " " MANAGE : MANAGE);
	x->client_id = member_string(claims, "client_id");
	return PGT_OK;
}

/* false: it was answered already */
static bool
admit(HttpExchange *x, bool reads)
{
	AccessRequest access = access_request_read(x);
	Jsonb *claims = NULL;
	PgtErr err = access.token ? PGT_OK : PGT_ERR_ACCESS_TOKEN_MISSING;

	if (err == PGT_OK)
		err = access_request_check(x, &access, x->request->method,
								   x->name ? psprintf("%s%s", x->url, x->name) : x->url,
								   x->issuer->issuer, &claims);
	if (err == PGT_OK)
		err = check_receiver(x, claims, reads);
	if (err != PGT_OK)
		http_challenge(x, access.scheme, err,
					   err == PGT_ERR_ACCESS_TOKEN_SCOPE ? (reads ? READ : MANAGE) : NULL);
	return err == PGT_OK;
}

/* with its sentence, where there is one that can be said */
static Jsonb *
refuse(HttpExchange *x, PgtErr err, const char *sentence)
{
	Jsonb *body = http_error(x, err);
	Object description;

	if (sentence == NULL || !pgtc_text_quotable(pgtc_slice_str(sentence)))
		return body;
	object_begin(&description);
	object_string(&description, "error_description", sentence);
	return object_concat(body, object_end(&description));
}

static Jsonb *
refuse_by_word(HttpExchange *x, const SignalAnswer *answer)
{
	for (size_t i = 0; i < lengthof(reasons); i++)
	{
		if (strcmp(reasons[i].refused, answer->refused) == 0)
			return refuse(x, refused(reasons[i].err, "stream", NULL, answer->sentence),
						  answer->sentence);
	}
	elog(ERROR, "a receiver was refused for no reason that is known");
}

static Jsonb *
carry_out(HttpExchange *x, const char *place, const char *stream_id, Jsonb *body)
{
	SignalAnswer answer = {0};
	AuditScope scope = {.client_id = x->client_id, .context = http_context(x)};

	audit_enter(&scope);
	signal_stream_answer(x->client_id, place, x->request->method, stream_id, body, &answer);
	audit_leave();
	if (answer.refused)
		return refuse_by_word(x, &answer);
	x->status = answer.status;
	return answer.body;
}

/* GET and DELETE name the stream in the query, the others in the body */
static Jsonb *
serve(HttpExchange *x, const char *place, bool reads)
{
	bool has_body =
		strcmp(x->request->method, "GET") != 0 && strcmp(x->request->method, "DELETE") != 0;
	Jsonb *body = NULL;
	PgtErr err = PGT_OK;

	if (!signal_stream_possible(x->issuer))
		return http_error(x, PGT_ERR_NOT_FOUND);
	/* before the client is known: what the query says of one counts for nothing */
	if (!has_body)
		http_form_read(x, x->request->query, false);
	if (!admit(x, reads))
		return NULL;
	err = has_body ? http_body_json(x, &body) : x->form_err;
	if (err != PGT_OK)
		return http_error(x, err == PGT_ERR_REGISTRATION_BODY ? PGT_ERR_SIGNAL_BODY : err);
	return carry_out(x, place, x->name ? x->name : http_param(x, "stream_id"), body);
}

static bool
is_get(const HttpExchange *x)
{
	return strcmp(x->request->method, "GET") == 0;
}

Jsonb *
signals_endpoint_streams(HttpExchange *x)
{
	return serve(x, "streams", is_get(x));
}

Jsonb *
signals_endpoint_status(HttpExchange *x)
{
	return serve(x, "status", is_get(x));
}

Jsonb *
signals_endpoint_verify(HttpExchange *x)
{
	return serve(x, "verification", true);
}

Jsonb *
signals_endpoint_poll(HttpExchange *x)
{
	return serve(x, "poll", true);
}
