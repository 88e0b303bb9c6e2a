/*
 * http_mark.c
 *		By what a request is found in logs and traces.
 *
 * An id is the layer's word, or that of a proxy before it: a client that could choose
 * it would have its requests found in place of another's.  A traceparent is anybody's.
 */
#include "http/http_mark.h"

#include "utils/uuid.h"

#include "base/guc.h"
#include "base/request_mark.h"
#include "base/random.h"
#include "core/base/uuid.h"

static bool
read_trace(const HttpRequest *request, PgtcTraceparent *trace)
{
	char *header = guc_http_trace_context ? http_request_header(request, "traceparent") : NULL;

	return header && pgtc_mark_traceparent_read(pgtc_slice_str(header), trace) == PGTC_OK;
}

/* NULL: nobody who is believed says one */
static const char *
vouched_id(const HttpRequest *request)
{
	const char *id = request->peer.request_id;

	if (id == NULL && request->peer.proxied && guc_http_request_id_header[0] != '\0')
		id = http_request_header_of_setting(request, guc_http_request_id_header);
	return id && pgtc_mark_id_valid(pgtc_slice_str(id)) ? id : NULL;
}

void
http_mark(const HttpRequest *request)
{
	PgtcTraceparent trace;
	bool has_trace = read_trace(request, &trace);
	const char *id = vouched_id(request);
	char made[PGTC_UUID_TEXT_LEN + 1];

	if (id == NULL)
	{
		pg_uuid_t uuid;

		random_uuid(&uuid);
		pgtc_uuid_text(uuid.data, made);
		id = made;
	}
	request_mark_set(pgtc_slice_str(id), has_trace ? &trace : NULL);
}

void
http_mark_answer(HttpExchange *x)
{
	const char *id = request_mark_id();

	if (guc_http_answer_request_id && x->max_age == 0 && id[0] != '\0')
		http_answer_header(x, "X-Request-Id", pstrdup(id));
}
