/*
 * test_fastcgi.c
 *		Records and parameters of FastCGI, as web servers send them and as others do.
 */
#include "core/fastcgi/cgi.h"
#include "core/fastcgi/fastcgi.h"
#include "unit.h"

#define BEGIN "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
#define END_OF_PARAMS "\1\4\0\1\0\0\0\0"
#define END_OF_STDIN "\1\5\0\1\0\0\0\0"
#define ENDED(id, status) "\1\3\0" id "\0\10\0\0\0\0\0\0" status "\0\0\0"

static PgtcBuf input;

static void
begin(void)
{
	pgtc_buf_init(&input, &unit_mem);
	pgtc_buf_append(&input, BEGIN, sizeof(BEGIN) - 1);
}

static void
record(int type, int id, PgtcSlice content, int padding)
{
	uint8_t header[8] = {1, (uint8_t) type};

	pgtc_bytes_put(header + 2, 2, (uint64_t) id);
	pgtc_bytes_put(header + 4, 2, content.len);
	header[6] = (uint8_t) padding;
	pgtc_buf_append(&input, header, sizeof(header));
	pgtc_buf_append(&input, content.data, content.len);
	while (padding-- > 0)
		pgtc_buf_append(&input, "p", 1);
}

/* as many bytes of a stream, in records of 8 kB */
static void
stream(int type, size_t len)
{
	static const char block[8192];

	for (; len > 0; len -= len < sizeof(block) ? len : sizeof(block))
		record(type, 1, pgtc_slice(block, len < sizeof(block) ? len : sizeof(block)), 0);
}

static void
pair(PgtcBuf *out, PgtcSlice name, PgtcSlice value)
{
	uint8_t lengths[8];

	pgtc_bytes_put(lengths, 4, name.len | 0x80000000);
	pgtc_bytes_put(lengths + 4, 4, value.len | 0x80000000);
	pgtc_buf_append(out, lengths, 8);
	pgtc_buf_append(out, name.data, name.len);
	pgtc_buf_append(out, value.data, value.len);
}

/* what came so far, step bytes at a time */
static PgtcFastcgiState
feed(PgtcFastcgi *fastcgi, size_t step)
{
	PgtcFastcgiState state = PGTC_FASTCGI_READING;
	size_t at, len;

	pgtc_fastcgi_init(fastcgi, &unit_mem, 8);
	for (at = 0; at < input.len; at += len)
	{
		len = input.len - at < step ? input.len - at : step;
		state = pgtc_fastcgi_feed(fastcgi, pgtc_slice(input.data + at, len));
	}
	return state;
}

/* comes to this state, however it is cut, and with these replies */
static void
check_state(PgtcFastcgiState expected, PgtcSlice replies)
{
	static const size_t steps[] = {1, 7, 8, 9, 4096, SIZE_MAX};
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
	{
		PgtcFastcgi fastcgi;

		CHECK(feed(&fastcgi, steps[i]) == expected);
		CHECK(pgtc_slice_equal(pgtc_slice(fastcgi.replies.data, fastcgi.replies.len), replies));
		pgtc_fastcgi_free(&fastcgi);
	}
	pgtc_buf_free(&input);
}

#define CHECK_STATE(expected, replies) check_state((expected), LITERAL(replies))

static void
test_whole(void)
{
	PgtcFastcgi fastcgi;
	size_t step;

	begin();
	record(4, 1, LITERAL("\3\4abcdefg"), 7);
	record(4, 1, LITERAL("\1\1xy"), 255);
	record(4, 1, LITERAL(""), 3);
	record(5, 1, LITERAL("hello, "), 0);
	record(5, 1, LITERAL("world"), 1);
	record(5, 1, LITERAL(""), 0);
	for (step = 1; step < 40; step++)
	{
		CHECK(feed(&fastcgi, step) == PGTC_FASTCGI_COMPLETE);
		CHECK(fastcgi.id == 1 && !fastcgi.params_too_large && !fastcgi.body_too_large);
		CHECK(pgtc_slice_equal(pgtc_slice(fastcgi.params.data, fastcgi.params.len),
							   LITERAL("\3\4abcdefg\1\1xy")));
		CHECK(pgtc_slice_equal(pgtc_slice(fastcgi.body.data, fastcgi.body.len),
							   LITERAL("hello, world")));
		CHECK(fastcgi.replies.len == 0);
		pgtc_fastcgi_free(&fastcgi);
	}
	/* what comes after it: the web server does not want the answer any more */
	record(2, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_ENDED, ENDED("\1", "\0"));
}

static void
test_torn(void)
{
	begin();
	record(4, 1, LITERAL("\1\1xy"), 0);
	CHECK_STATE(PGTC_FASTCGI_READING, "");
	/* the body comes first: two streams, each with its end */
	begin();
	record(5, 1, LITERAL("body"), 0);
	record(5, 1, LITERAL(""), 0);
	record(4, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_COMPLETE, "");
	/* a stream that goes on after its end, or ends twice */
	begin();
	record(4, 1, LITERAL(""), 0);
	record(4, 1, LITERAL("\1\1xy"), 0);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	begin();
	record(4, 1, LITERAL(""), 0);
	record(4, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	/* other protocols, other versions of this one */
	pgtc_buf_append_str(&input, "GET / HTTP/1.1\r\n\r\n");
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	pgtc_buf_append(&input, "\2\1\0\1\0\10\0\0", 8);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	/* a request of no id, or of no length */
	pgtc_buf_append(&input, "\1\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0", 16);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	pgtc_buf_append(&input, "\1\1\0\1\0\7\0\0\0\1\0\0\0\0\0", 15);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	/* streams of a request that has not begun, and of others, are passed over */
	record(4, 1, LITERAL("\1\1xy"), 0);
	record(5, 0, LITERAL("body"), 0);
	record(2, 7, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_READING, "");
}

static void
test_refused(void)
{
	/* a filter, an authorizer */
	pgtc_buf_append(&input, "\1\1\0\5\0\10\0\0\0\3\0\0\0\0\0\0", 16);
	CHECK_STATE(PGTC_FASTCGI_ENDED, ENDED("\5", "\3"));
	/* another request in the middle of one, which goes on */
	begin();
	record(4, 1, LITERAL(""), 0);
	record(1, 2, LITERAL("\0\1\1\0\0\0\0\0"), 0);
	record(5, 2, LITERAL("of the other"), 0);
	record(5, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_COMPLETE, ENDED("\2", "\1"));
	/* the same one twice is none */
	begin();
	record(1, 1, LITERAL("\0\1\0\0\0\0\0\0"), 0);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
	begin();
	record(2, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_ENDED, ENDED("\1", "\0"));
}

static void
test_management(void)
{
	int i;

	record(9, 0, LITERAL("\17\0FCGI_MPXS_CONNS\16\0FCGI_MAX_CONNS\5\0OTHER"), 2);
	CHECK_STATE(PGTC_FASTCGI_READING,
				"\1\12\0\0\0\43\0\0\16\1FCGI_MAX_CONNS8\17\1FCGI_MPXS_CONNS0");
	record(9, 0, LITERAL("\17"), 0);
	CHECK_STATE(PGTC_FASTCGI_READING, "\1\12\0\0\0\0\0\0");
	record(77, 0, LITERAL("something"), 0);
	CHECK_STATE(PGTC_FASTCGI_READING, "\1\13\0\0\0\10\0\0\115\0\0\0\0\0\0\0");
	/* of a request they are data that a responder has no use for */
	begin();
	record(8, 1, LITERAL("data"), 0);
	record(77, 1, LITERAL(""), 0);
	CHECK_STATE(PGTC_FASTCGI_READING, "");
	/* more than is kept */
	stream(9, 8192);
	CHECK(input.len > 8192);
	pgtc_buf_free(&input);
	/* who asks for ever */
	for (i = 0; i <= PGTC_FASTCGI_REPLIES_MAX; i++)
		record(9, 0, LITERAL(""), 0);
	{
		PgtcFastcgi fastcgi;

		CHECK(feed(&fastcgi, 8) == PGTC_FASTCGI_BROKEN);
		CHECK(fastcgi.replies.len == 8 * PGTC_FASTCGI_REPLIES_MAX);
		pgtc_fastcgi_free(&fastcgi);
	}
	pgtc_buf_free(&input);
}

static void
check_sizes(size_t params, size_t body, bool params_too_large, bool body_too_large)
{
	PgtcFastcgi fastcgi;

	begin();
	stream(4, params);
	record(4, 1, LITERAL(""), 0);
	stream(5, body);
	record(5, 1, LITERAL(""), 0);
	CHECK(feed(&fastcgi, 65536) == PGTC_FASTCGI_COMPLETE);
	CHECK(fastcgi.params_too_large == params_too_large);
	CHECK(fastcgi.body_too_large == body_too_large);
	CHECK(params_too_large || fastcgi.params.len == params);
	CHECK(body_too_large || fastcgi.body.len == body);
	CHECK(fastcgi.params.len <= PGTC_FASTCGI_PARAMS_MAX &&
		  fastcgi.body.len <= PGTC_FASTCGI_BODY_MAX);
	pgtc_fastcgi_free(&fastcgi);
	pgtc_buf_free(&input);
}

static void
test_sizes(void)
{
	check_sizes(PGTC_FASTCGI_PARAMS_MAX, PGTC_FASTCGI_BODY_MAX, false, false);
	check_sizes(PGTC_FASTCGI_PARAMS_MAX + 1, 0, true, false);
	check_sizes(0, PGTC_FASTCGI_BODY_MAX + 1, false, true);
	check_sizes(200000, 200000, true, true);
	/* beyond all limits it is cut off */
	begin();
	stream(5, PGTC_FASTCGI_INPUT_MAX);
	CHECK_STATE(PGTC_FASTCGI_BROKEN, "");
}

static void
test_memory_of(int allocations)
{
	PgtcFastcgi fastcgi;
	int i;

	for (i = 0; i < allocations; i++)
	{
		begin();
		record(9, 0, LITERAL("\16\0FCGI_MAX_CONNS"), 0);
		record(4, 1, LITERAL("\1\1xy"), 0);
		record(4, 1, LITERAL(""), 0);
		record(5, 1, LITERAL("body"), 0);
		record(5, 1, LITERAL(""), 0);
		unit_fail_after(i);
		CHECK(feed(&fastcgi, SIZE_MAX) == PGTC_FASTCGI_BROKEN);
		unit_fail_after(-1);
		pgtc_fastcgi_free(&fastcgi);
		pgtc_buf_free(&input);
	}
}

static void
test_answer(void)
{
	static char large[150000];
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_fastcgi_answer(&out, 1, LITERAL("Status: 200\r\n\r\n"));
	CHECK(pgtc_slice_equal(pgtc_slice(out.data, out.len),
						   LITERAL("\1\6\0\1\0\17\0\0Status: 200\r\n\r\n"
								   "\1\6\0\1\0\0\0\0" ENDED("\1", "\0"))));
	pgtc_buf_truncate(&out, 0);
	pgtc_fastcgi_answer(&out, 0x1234, pgtc_slice(large, sizeof(large)));
	/* two full records, the rest, the end of the stream, the end of the request */
	CHECK(out.len == sizeof(large) + 3 * 8 + 8 + 16);
	CHECK(memcmp(out.data, "\1\6\x12\x34\xFF\xF8\0\0", 8) == 0);
	pgtc_buf_free(&out);
}

/* --- parameters ------------------------------------------------------------------- */

static PgtcCode
read_pairs(PgtcBuf *params, PgtcCgiRequest *request)
{
	PgtcCode code = pgtc_cgi_read(pgtc_slice(params->data, params->len), &unit_mem, request);

	pgtc_buf_free(params);
	return code;
}

static void
minimal(PgtcBuf *params)
{
	pgtc_buf_init(params, &unit_mem);
	pair(params, LITERAL("REQUEST_METHOD"), LITERAL("POST"));
	pair(params, LITERAL("REQUEST_URI"), LITERAL("/oauth2/token?a=b"));
}

#define IS(slice, text) CHECK(pgtc_slice_equal((slice), LITERAL(text)))

static void
test_request(void)
{
	PgtcCgiRequest request;
	PgtcBuf params;

	minimal(&params);
	pair(&params, LITERAL("REMOTE_ADDR"), LITERAL("192.0.2.1"));
	pair(&params, LITERAL("REMOTE_ADDR"), LITERAL("192.0.2.2"));
	pair(&params, LITERAL("REQUEST_SCHEME"), LITERAL("https"));
	pair(&params, LITERAL("PGTOKEN_CERTIFICATE"), LITERAL(":AAAA:"));
	pair(&params, LITERAL("PGTOKEN_CONTEXT_RISK_SCORE"), LITERAL("12"));
	pair(&params, LITERAL("PGTOKEN_CONTEXT_LATITUDE"), LITERAL(""));
	pair(&params, LITERAL("PGTOKEN_REQUEST_ID"), LITERAL("edge-7/42"));
	pair(&params, LITERAL("PGTOKEN_ROUTED"), LITERAL("1"));
	pair(&params, LITERAL("PGTOKEN_CARRIED"), LITERAL("AbC-_"));
	pair(&params, LITERAL("HTTP_HOST"), LITERAL("id.example"));
	pair(&params, LITERAL("HTTP_X_EMPTY"), LITERAL(""));
	pair(&params, LITERAL("HTTP_X_TWICE"), LITERAL("one"));
	pair(&params, LITERAL("HTTP_X_TWICE"), LITERAL("two\xFF"));
	pair(&params, LITERAL("HTTP_CONTENT_LENGTH"), LITERAL("9"));
	pair(&params, LITERAL("HTTP_CONTENT_TYPE"), LITERAL("text/plain"));
	pair(&params, LITERAL("CONTENT_TYPE"), LITERAL("application/json"));
	pair(&params, LITERAL("CONTENT_LENGTH"), LITERAL("3"));
	pair(&params, LITERAL("CONTENT_LENGTH"), LITERAL("4"));
	pair(&params, LITERAL("SERVER_NAME"), LITERAL("id.example"));
	/* longer than storage would grow to by itself */
	while (params.len < 5000)
		pair(&params, LITERAL("HTTP_X_MORE_OF_THESE"), LITERAL("0123456789012345678901234567890"));
	{
		PgtcBuf kept = params; /* its values are looked at below */

		CHECK_CODE(pgtc_cgi_read(pgtc_slice(kept.data, kept.len), &unit_mem, &request), PGTC_OK);
		IS(request.method, "POST");
		IS(request.target, "/oauth2/token?a=b");
		IS(pgtc_cgi_path(&request), "/oauth2/token");
		IS(request.address, "192.0.2.2");
		IS(request.scheme, "https");
		IS(request.certificate, ":AAAA:");
		IS(pgtc_cgi_request_id(&request), "edge-7/42");
		IS(request.routed, "1");
		IS(request.carried, "AbC-_");
		CHECK(request.n_context == 1);
		IS(request.context[0].name, "risk_score");
		IS(request.context[0].value, "12");
		IS(request.header[0].name, "host");
		IS(request.header[1].name, "x-empty");
		IS(request.header[1].value, "");
		IS(request.header[2].value, "one");
		IS(request.header[3].name, "x-twice");
		IS(request.header[3].value, "two\xFF");
		IS(request.header[4].name, "x-more-of-these");
		IS(request.header[request.n_headers - 2].name, "content-type");
		IS(request.header[request.n_headers - 2].value, "application/json");
		IS(request.header[request.n_headers - 1].name, "content-length");
		CHECK(pgtc_cgi_content_length(&request) == 4);
		pgtc_cgi_free(&request);
		CHECK(request.n_headers == 0 && request.method.data == NULL);
		pgtc_buf_free(&kept);
	}
}

/* the attack: an id that ends a line of the log, or a header */
static void
test_request_id(void)
{
	PgtcCgiRequest request;
	PgtcBuf params;

	minimal(&params);
	pair(&params, LITERAL("PGTOKEN_REQUEST_ID"), LITERAL("a\r\nSet-Cookie: a=b"));
	CHECK_CODE(pgtc_cgi_read(pgtc_slice(params.data, params.len), &unit_mem, &request), PGTC_OK);
	IS(pgtc_cgi_request_id(&request), "");
	pgtc_cgi_free(&request);
	pgtc_buf_free(&params);
}

/* the attack: a client writes what only the web server may say */
static void
test_forged(void)
{
	static const char *const names[] = {
		"HTTP_REMOTE_ADDR",
		"HTTP_PGTOKEN_CERTIFICATE",
		"HTTP_PGTOKEN_CONTEXT_RISK_SCORE",
		"HTTP_REQUEST_URI",
		"HTTP_REQUEST_METHOD",
		"HTTP_REQUEST_SCHEME",
		"HTTP_PGTOKEN_PROXIED",
		"HTTP_PGTOKEN_REQUEST_ID",
		"HTTP_PGTOKEN_ROUTED",
		"HTTP_PGTOKEN_CARRIED",
		"HTTP_HTTP_X",
		"remote_addr",
		"REMOTE_ADDR_",
	};
	PgtcCgiRequest request;
	PgtcBuf params;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		minimal(&params);
		pair(&params, pgtc_slice_str(names[i]), LITERAL("/invented"));
		CHECK_CODE(pgtc_cgi_read(pgtc_slice(params.data, params.len), &unit_mem, &request),
				   PGTC_OK);
		CHECK(request.address.data == NULL && request.certificate.data == NULL &&
			  request.scheme.data == NULL && request.proxied.data == NULL &&
			  request.request_id.data == NULL && request.routed.data == NULL &&
			  request.carried.data == NULL && request.n_context == 0);
		IS(request.method, "POST");
		IS(request.target, "/oauth2/token?a=b");
		pgtc_cgi_free(&request);
		pgtc_buf_free(&params);
	}
}

static const struct
{
	const char *name;
	const char *value;
	size_t len;
	PgtcCode code;
} values[] = {
	{"REQUEST_METHOD", "GET", 3, PGTC_OK},
	{"REQUEST_METHOD", "G T", 3, PGTC_E_MALFORMED},
	{"REQUEST_METHOD", "G\0T", 3, PGTC_E_MALFORMED},
	{"REQUEST_METHOD", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", 33, PGTC_E_MALFORMED},
	{"REQUEST_URI", "*", 1, PGTC_OK},
	{"REQUEST_URI", "**", 2, PGTC_E_MALFORMED},
	{"REQUEST_URI", "x", 1, PGTC_E_MALFORMED},
	{"REQUEST_URI", "/\xE9", 2, PGTC_OK},
	{"REQUEST_URI", "/a b", 4, PGTC_E_MALFORMED},
	{"REQUEST_URI", "/a\0b", 4, PGTC_E_MALFORMED},
	{"REQUEST_URI", "/a\x7F", 3, PGTC_E_MALFORMED},
	{"REMOTE_ADDR", "192.0.2.1\0", 10, PGTC_E_MALFORMED},
	{"PGTOKEN_CERTIFICATE", "a\0", 2, PGTC_E_MALFORMED},
	{"PGTOKEN_CONTEXT_A", "a\0", 2, PGTC_E_MALFORMED},
	{"PGTOKEN_CONTEXT_", "a", 1, PGTC_E_MALFORMED},
	{"CONTENT_LENGTH", "-1", 2, PGTC_E_MALFORMED},
	{"CONTENT_LENGTH", "0x1", 3, PGTC_E_MALFORMED},
	{"CONTENT_LENGTH", "99999999999999999999", 20, PGTC_OK},
	{"CONTENT_TYPE", "a\nb", 3, PGTC_E_MALFORMED},
	{"HTTP_X", "a\rb", 3, PGTC_E_MALFORMED},
	{"HTTP_X", "a\nb", 3, PGTC_E_MALFORMED},
	{"HTTP_X", "a\0b", 3, PGTC_E_MALFORMED},
	{"HTTP_X", "a\tb\x80", 4, PGTC_OK},
	{"HTTP_", "a", 1, PGTC_E_MALFORMED},
	{"HTTP_A B", "a", 1, PGTC_E_MALFORMED},
	{"HTTP_A:B", "a", 1, PGTC_E_MALFORMED},
	{"HTTP_\xE9", "a", 1, PGTC_E_MALFORMED},
	{"SOMETHING", "a\0b", 3, PGTC_OK},
};

static void
test_values(void)
{
	PgtcCgiRequest request;
	PgtcBuf params;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		minimal(&params);
		pair(&params, pgtc_slice_str(values[i].name), pgtc_slice(values[i].value, values[i].len));
		CHECK_CODE(read_pairs(&params, &request), values[i].code);
		pgtc_cgi_free(&request);
	}
	pgtc_buf_init(&params, &unit_mem);
	CHECK_CODE(read_pairs(&params, &request), PGTC_E_MALFORMED);
	/* a certificate that is asked for and is not there */
	minimal(&params);
	pair(&params, LITERAL("PGTOKEN_CERTIFICATE"), LITERAL(""));
	CHECK_CODE(read_pairs(&params, &request), PGTC_OK);
	CHECK(request.certificate.data != NULL && request.certificate.len == 0);
	pgtc_cgi_free(&request);
}

static void
test_limits(void)
{
	PgtcCgiRequest request;
	PgtcBuf params;
	int extra, i;

	for (extra = 0; extra < 2; extra++)
	{
		minimal(&params);
		for (i = 0; i < PGTC_CGI_HEADERS_MAX + extra; i++)
			pair(&params, LITERAL("HTTP_X"), LITERAL("value"));
		CHECK_CODE(read_pairs(&params, &request), extra ? PGTC_E_TOO_LONG : PGTC_OK);
		pgtc_cgi_free(&request);

		minimal(&params);
		for (i = 0; i < PGTC_CGI_CONTEXT_MAX + extra; i++)
			pair(&params, LITERAL("PGTOKEN_CONTEXT_X"), LITERAL("value"));
		CHECK_CODE(read_pairs(&params, &request), extra ? PGTC_E_TOO_LONG : PGTC_OK);
		pgtc_cgi_free(&request);
	}
	minimal(&params);
	unit_fail_after(0);
	CHECK_CODE(pgtc_cgi_read(pgtc_slice(params.data, params.len), &unit_mem, &request),
			   PGTC_E_NOMEM);
	unit_fail_after(-1);
	pgtc_cgi_free(&request);
	pgtc_buf_free(&params);
}

static void
test_cut_short(void)
{
	static const char *const cut[] = {"\1", "\1\1", "\1\1x", "\200", "\1\200\0\0", "\5\0xy"};
	PgtcSlice rest, name, value;
	size_t i;

	for (i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
	{
		rest = pgtc_slice_str(cut[i]);
		CHECK_CODE(pgtc_cgi_next(&rest, &name, &value), PGTC_E_MALFORMED);
	}
	/* lengths of either kind, and one that would wrap around */
	rest = LITERAL("\1\200\0\0\2abc\0\0");
	CHECK_CODE(pgtc_cgi_next(&rest, &name, &value), PGTC_OK);
	IS(name, "a");
	IS(value, "bc");
	CHECK_CODE(pgtc_cgi_next(&rest, &name, &value), PGTC_OK);
	CHECK(name.len == 0 && value.len == 0 && rest.len == 0);
	rest = LITERAL("\377\377\377\377\377\377\377\377ab");
	CHECK_CODE(pgtc_cgi_next(&rest, &name, &value), PGTC_E_MALFORMED);
}

/* the attack: a value that holds a line of its own is a header, or a body, that nobody has written */
static void
test_head(void)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_cgi_write_status(&out, 401);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("cache-control"), LITERAL("no-store")), PGTC_OK);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("x"), LITERAL("\xE9")), PGTC_OK);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("x"), LITERAL("a\r\nb: c")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("x"), LITERAL("a\nb")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("x"), LITERAL("a\0b")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL("x: y"), LITERAL("a")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_cgi_write_header(&out, LITERAL(""), LITERAL("a")), PGTC_E_MALFORMED);
	CHECK(pgtc_slice_equal(
		pgtc_slice(out.data, out.len),
		LITERAL("Status: 401 Unauthorized\r\ncache-control: no-store\r\nx: \xE9\r\n")));
	pgtc_buf_truncate(&out, 0);
	pgtc_cgi_write_status(&out, 299);
	CHECK(pgtc_slice_equal(pgtc_slice(out.data, out.len), LITERAL("Status: 299 Other\r\n")));
	pgtc_buf_free(&out);
}

void
test_fastcgi(void)
{
	pgtc_buf_init(&input, &unit_mem);
	test_whole();
	test_torn();
	test_refused();
	test_management();
	test_sizes();
	test_memory_of(5);
	test_answer();
	test_request();
	test_request_id();
	test_forged();
	test_values();
	test_limits();
	test_cut_short();
	test_head();
}
