/*
 * call.c
 *		The one function that answers requests.
 */
#include "fastcgi/call.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "core/base/ascii.h"
#include "core/base/text.h"
#include "fastcgi/connection.h"
#include "fastcgi/settings.h"

#define SCHEMA "pgtoken_http"
#define FUNCTION "handle"
#define ARGUMENTS 5
#define WAIT_MAX 5000
#define HOPS_MAX 3 /* times that a request is sent from one shard to another */

static FmgrInfo function;
static Oid function_oid = InvalidOid; /* valid: function can be called */
static MemoryContext function_memory = NULL;
static bool stale = true; /* something that call_problem looks at may have changed */

/* --- the function ----------------------------------------------------------------- */

static void
mark_stale(Datum arg pg_attribute_unused(), int cache_id pg_attribute_unused(),
		   uint32 hash pg_attribute_unused())
{
	stale = true;
}

void
call_init(void)
{
	static const int caches[] = {PROCOID, NAMESPACEOID, AUTHOID, AUTHMEMROLEMEM};

	function_memory =
		AllocSetContextCreate(TopMemoryContext, "pgtoken_fastcgi function", ALLOCSET_SMALL_SIZES);
	for (size_t i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], mark_stale, (Datum) 0);
}

static Oid
find_function(Oid schema)
{
	const Oid types[ARGUMENTS] = {TEXTOID, TEXTOID, TEXTARRAYOID, BYTEAOID, JSONBOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(FUNCTION),
						   PointerGetDatum(buildoidvector(types, ARGUMENTS)),
						   ObjectIdGetDatum(schema));
}

const char *
call_problem(void)
{
	Oid schema;

	if (!stale)
		return NULL;
	function_oid = InvalidOid;
	MemoryContextReset(function_memory);
	if (superuser())
		return "the role is a superuser";
	schema = get_namespace_oid(SCHEMA, true);
	if (!OidIsValid(schema))
		return "the database has no schema pgtoken_http";
	if (!compat_may_use_schema(schema))
		return "the role lacks USAGE on the schema pgtoken_http";
	function_oid = find_function(schema);
	if (!OidIsValid(function_oid))
		return "the database has no function pgtoken_http.handle(text, text, text[], bytea, jsonb)";
	if (!compat_may_execute(function_oid))
		return "the role lacks EXECUTE on the function pgtoken_http.handle";
	fmgr_info_cxt(function_oid, &function, function_memory);
	/* last: what has changed while it was looked up is looked at again */
	stale = false;
	return NULL;
}

/* --- arguments ------------------------------------------------------------------------ */

static bool
is_ascii(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(bytes[i]))
			return false;
	}
	return true;
}

/* each octet is a character (ISO-8859-1), so that none is lost; most are the same in any encoding */
static text *
octets_text(PgtcSlice octets)
{
	const char *bytes = octets.data ? octets.data : "";

	if (is_ascii(bytes, octets.len))
		return cstring_to_text_with_len(bytes, (int) octets.len);
	return cstring_to_text(
		pg_any_to_server(pnstrdup(bytes, octets.len), (int) octets.len, PG_LATIN1));
}

static Datum
headers_array(const PgtcCgiRequest *request)
{
	Datum *elements = palloc(sizeof(Datum) * (2 * request->n_headers + 1));

	for (int i = 0; i < request->n_headers; i++)
	{
		elements[2 * i] = PointerGetDatum(octets_text(request->header[i].name));
		elements[2 * i + 1] = PointerGetDatum(octets_text(request->header[i].value));
	}
	return PointerGetDatum(
		construct_array(elements, 2 * request->n_headers, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
push_string(PgtJsonbState *state, JsonbIteratorToken token, PgtcSlice octets)
{
	text *value = octets_text(octets);
	JsonbValue string = {
		.type = jbvString,
		.val.string = {.len = (int) VARSIZE_ANY_EXHDR(value), .val = VARDATA_ANY(value)}};

	compat_jsonb_push(state, token, &string);
}

static void
push_member(PgtJsonbState *state, const char *name, PgtcSlice value)
{
	if (value.len == 0)
		return;
	push_string(state, WJB_KEY, pgtc_slice_str(name));
	push_string(state, WJB_VALUE, value);
}

static void
push_true(PgtJsonbState *state, const char *name)
{
	JsonbValue yes = {.type = jbvBool, .val.boolean = true};

	push_string(state, WJB_KEY, pgtc_slice_str(name));
	compat_jsonb_push(state, WJB_VALUE, &yes);
}

static Datum
peer_jsonb(const PgtcCgiRequest *request)
{
	PgtJsonbState state;

	memset(&state, 0, sizeof(state));
	compat_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	push_member(&state, "address", request->address);
	if (request->certificate.data != NULL)
	{
		push_string(&state, WJB_KEY, pgtc_slice_str("certificate"));
		push_string(&state, WJB_VALUE, request->certificate);
	}
	push_member(&state, "scheme", request->scheme);
	push_member(&state, "request_id", pgtc_cgi_request_id(request));
	/* headers that a proxy before the web server sets are believed */
	if (pgtc_slice_equal(request->proxied, pgtc_slice_str("on")))
		push_true(&state, "proxied");
	if (request->routed.len > 0)
		push_true(&state, "routed");
	push_member(&state, "carried", request->carried);
	if (request->n_context > 0)
	{
		push_string(&state, WJB_KEY, pgtc_slice_str("context"));
		compat_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
		for (int i = 0; i < request->n_context; i++)
		{
			push_string(&state, WJB_KEY, request->context[i].name);
			push_string(&state, WJB_VALUE, request->context[i].value);
		}
		compat_jsonb_push(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(compat_jsonb_push(&state, WJB_END_OBJECT, NULL)));
}

/* --- the answer --------------------------------------------------------------------------- */

static PgtcSlice
text_octets(Datum value)
{
	char *characters = TextDatumGetCString(value);
	size_t len = strlen(characters);

	if (!is_ascii(characters, len))
		characters = pg_server_to_any(characters, (int) len, PG_LATIN1);
	return pgtc_slice_str(characters);
}

static void
no_answer(const char *what)
{
	elog(ERROR, "pgtoken_http.handle has returned no answer of HTTP: %s", what);
}

/* what the columns are is looked at, since their values are taken as that */
static void
deform(Datum row, Datum values[3], bool nulls[3])
{
	static const Oid types[3] = {INT4OID, TEXTARRAYOID, BYTEAOID};
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	TupleDesc description =
		lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	bool fits = description->natts == lengthof(types);

	for (int i = 0; fits && i < description->natts; i++)
		fits = TupleDescAttr(description, i)->atttypid == types[i];
	if (fits)
		heap_deform_tuple(&tuple, description, values, nulls);
	ReleaseTupleDesc(description);
	if (!fits)
		no_answer("the row is not one of integer, text[] and bytea");
}

/* status 0: it is for the layer alone */
static void
take_order(PgtcSlice name, PgtcSlice value, CallAnswer *out)
{
	if (pgtc_ascii_is(name, "wait"))
		out->wait = (int) Max(pgtc_text_number(value, WAIT_MAX), 0);
	else if (pgtc_ascii_is(name, "carry"))
		out->carry = pnstrdup(value.data, value.len);
	else if (pgtc_ascii_is(name, "shard"))
	{
		out->shard = pnstrdup(value.data, value.len);
		/* it becomes the end of a location's name */
		if (out->shard[0] == '\0' ||
			strspn(out->shard, "abcdefghijklmnopqrstuvwxyz0123456789") != value.len)
			no_answer("there can be no such shard");
	}
}

static void
take_headers(Datum array, CallAnswer *out, bool *has_length)
{
	Datum *elements;
	bool *nulls;
	int n;

	*has_length = false;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &n);
	if (n % 2 != 0)
		no_answer("a header has no value");
	for (int i = 0; i < n; i += 2)
	{
		PgtcSlice name, value;

		if (nulls[i] || nulls[i + 1])
			no_answer("a header is NULL");
		name = text_octets(elements[i]);
		value = text_octets(elements[i + 1]);
		if (out->status == 0)
			take_order(name, value, out);
		*has_length |= pgtc_ascii_is(name, "content-length");
		/* what CGI would take for itself is no header */
		if (pgtc_ascii_is(name, "status") ||
			pgtc_cgi_write_header(&out->output, name, value) != PGTC_OK)
			no_answer("a header is none");
	}
}

/* RFC 9110 section 8.6: none of them has a body */
static bool
is_without_length(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static void
finish(CallAnswer *out, PgtcSlice body, bool has_length, bool is_head)
{
	char length[24];

	if (!has_length && !is_without_length(out->status))
	{
		snprintf(length, sizeof(length), "%zu", body.len);
		pgtc_cgi_write_header(&out->output, pgtc_slice_str("Content-Length"),
							  pgtc_slice_str(length));
	}
	pgtc_buf_append_str(&out->output, "\r\n");
	if (!is_head)
		pgtc_buf_append(&out->output, body.data, body.len);
}

static void
take_answer(const PgtcCgiRequest *request, Datum row, CallAnswer *out)
{
	Datum values[3];
	bool nulls[3];
	PgtcSlice body = {NULL, 0};
	bool has_length = false;

	deform(row, values, nulls);
	out->status = nulls[0] ? -1 : DatumGetInt32(values[0]);
	if (out->status != 0 && (out->status < 200 || out->status > 599))
		no_answer("the status is none that ends a request");
	pgtc_cgi_write_status(&out->output, out->status);
	if (!nulls[1])
		take_headers(values[1], out, &has_length);
	if (!nulls[2])
	{
		bytea *bytes = DatumGetByteaPP(values[2]);

		body = pgtc_slice(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	}
	finish(out, body, has_length, pgtc_slice_equal(request->method, pgtc_slice_str("HEAD")));
	if (pgtc_buf_code(&out->output) != PGTC_OK)
		elog(ERROR, "there is no memory for the answer");
}

static void
begin_answer(CallAnswer *out)
{
	memset(out, 0, sizeof(*out));
	pgtc_buf_init(&out->output, &connection_mem);
}

void
call_handle(const PgtcCgiRequest *request, PgtcSlice body, CallAnswer *out)
{
	LOCAL_FCINFO(fcinfo, ARGUMENTS);
	Datum row;

	begin_answer(out);
	InitFunctionCallInfoData(*fcinfo, &function, ARGUMENTS, DEFAULT_COLLATION_OID, NULL, NULL);
	fcinfo->args[0].value = PointerGetDatum(octets_text(request->method));
	fcinfo->args[1].value = PointerGetDatum(octets_text(request->target));
	fcinfo->args[2].value = headers_array(request);
	fcinfo->args[3].value =
		PointerGetDatum(cstring_to_text_with_len(body.data ? body.data : "", (int) body.len));
	fcinfo->args[4].value = peer_jsonb(request);
	for (int i = 0; i < ARGUMENTS; i++)
		fcinfo->args[i].isnull = false;
	row = FunctionCallInvoke(fcinfo);
	if (fcinfo->isnull)
		no_answer("the row is NULL");
	take_answer(request, row, out);
}

/* the door's setting, which is not there until its library is */
static bool
answers_request_id(void)
{
	const char *value = GetConfigOption("pgtoken.http_answer_request_id", true, false);

	return value == NULL || strcmp(value, "off") != 0;
}

#define NOT_READY "{\"ready\":false,\"missing\":[\"database\"],\"late\":[]}"

void
call_refuse(int status, const PgtcCgiRequest *request, CallAnswer *out)
{
	static const struct
	{
		int status;
		const char *body;
	} bodies[] = {
		{400,
		 "{\"error\":\"invalid_request\",\"error_description\":\"the request is not well-formed\"}"},
		{431,
		 "{\"error\":\"invalid_request\",\"error_description\":\"the headers are too large\"}"},
		{500,
		 "{\"error\":\"server_error\",\"error_description\":\"the server could not answer this request\"}"},
		{503,
		 "{\"error\":\"temporarily_unavailable\",\"error_description\":\"the server cannot answer now, but may soon\"}"},
	};
	bool asks = status >= 500 && pgtc_slice_equal(pgtc_cgi_path(request), pgtc_slice_str("/ready"));
	PgtcSlice body = {NULL, 0};
	PgtcSlice request_id = pgtc_cgi_request_id(request);

	begin_answer(out);
	status = asks ? 503 : status;
	out->status = status;
	for (size_t i = 0; i < lengthof(bodies); i++)
	{
		if (bodies[i].status == status)
			body = pgtc_slice_str(asks ? NOT_READY : bodies[i].body);
	}
	pgtc_cgi_write_status(&out->output, status);
	pgtc_cgi_write_header(&out->output, pgtc_slice_str("Content-Type"),
						  pgtc_slice_str("application/json"));
	pgtc_cgi_write_header(&out->output, pgtc_slice_str("Cache-Control"),
						  pgtc_slice_str("no-store"));
	if (status == 503)
		pgtc_cgi_write_header(&out->output, pgtc_slice_str("Retry-After"), pgtc_slice_str("5"));
	if (request_id.len > 0 && answers_request_id())
		pgtc_cgi_write_header(&out->output, pgtc_slice_str("X-Request-Id"), request_id);
	finish(out, body, false, false);
}

/* false: it has been sent on as often as any request is; hops: as often as that so far */
static bool
may_be_sent_on(const PgtcCgiRequest *request, int64 *hops)
{
	*hops = request->routed.len > 0 ? pgtc_text_number(request->routed, HOPS_MAX - 1) : 0;
	return *hops >= 0;
}

static void
write_header(CallAnswer *out, const char *name, const char *value)
{
	pgtc_cgi_write_header(&out->output, pgtc_slice_str(name), pgtc_slice_str(value));
}

/* nginx takes some headers of this answer into the last one, and so there are no more than it needs */
static void
redirect(const char *shard, const char *carry, int64 hops, CallAnswer *out)
{
	begin_answer(out);
	/* where it is not obeyed */
	pgtc_cgi_write_status(&out->output, 503);
	write_header(out, "Retry-After", "5");
	write_header(out, "X-Accel-Redirect", psprintf("%s%s", settings_shard_location, shard));
	write_header(out, "Pgtoken-Routed", psprintf(INT64_FORMAT, hops + 1));
	if (carry)
		write_header(out, "Pgtoken-Carry", carry);
	finish(out, pgtc_slice("", 0), true, false);
}

void
call_send_on(const PgtcCgiRequest *request, CallAnswer *out)
{
	const char *shard = out->shard;
	const char *carry = out->carry;
	PgtcSlice path = pgtc_cgi_path(request);
	int64 hops;

	pgtc_buf_free(&out->output);
	if (settings_shard_location[0] && may_be_sent_on(request, &hops))
	{
		redirect(shard, carry, hops, out);
		return;
	}
	ereport(LOG, (errmsg("pgtoken_fastcgi answers 503 to what is for shard %s: %s %s", shard,
						 pnstrdup(request->method.data, request->method.len),
						 pnstrdup(path.data, path.len)),
				  settings_shard_location[0]
					  ? errdetail("It has been sent on %d times.", HOPS_MAX)
					  : errhint("Set pgtoken_fastcgi.shard_location, as docs/fastcgi.md says.")));
	call_refuse(503, request, out);
}
