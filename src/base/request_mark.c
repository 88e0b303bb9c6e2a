/*
 * request_mark.c
 *		The mark of the request that this transaction works for.
 */
#include "base/request_mark.h"

#include "lib/stringinfo.h"

static union
{
	bytea header;
	char bytes[VARHDRSZ + PGTC_MARK_MAX];
} packed;

static bool is_set = false;
static char request_id[PGTC_REQUEST_ID_MAX + 1];

void
request_mark_set(PgtcSlice id, const PgtcTraceparent *trace)
{
	size_t len = pgtc_mark_pack(id, trace, (uint8_t *) VARDATA(&packed.header));

	SET_VARSIZE(&packed.header, VARHDRSZ + len);
	memcpy(request_id, id.data ? id.data : "", id.len);
	request_id[id.len] = '\0';
	is_set = true;
}

void
request_mark_forget(void)
{
	is_set = false;
}

const bytea *
request_mark_bytes(void)
{
	return is_set ? &packed.header : NULL;
}

const char *
request_mark_id(void)
{
	return is_set ? request_id : "";
}

char *
request_mark_text(void)
{
	PgtcMark mark;
	char trace_id[2 * PGTC_TRACE_ID_LEN + 1];
	char span_id[2 * PGTC_SPAN_ID_LEN + 1];
	StringInfoData text;

	if (!is_set ||
		pgtc_mark_unpack(pgtc_slice(VARDATA(&packed.header), VARSIZE(&packed.header) - VARHDRSZ),
						 &mark) != PGTC_OK)
		return NULL;
	initStringInfo(&text);
	if (mark.request_id[0])
		appendStringInfo(&text, "request %s", mark.request_id);
	if (mark.has_trace)
	{
		pgtc_mark_hex(mark.trace.trace_id, PGTC_TRACE_ID_LEN, trace_id);
		pgtc_mark_hex(mark.trace.span_id, PGTC_SPAN_ID_LEN, span_id);
		appendStringInfo(&text, "%strace %s, span %s", text.len > 0 ? ", " : "", trace_id, span_id);
	}
	return text.data;
}

void
request_mark_add_context(void *argument)
{
	char *text = request_mark_text();

	(void) argument;
	if (text)
		errcontext("pgtoken, %s", text);
}
