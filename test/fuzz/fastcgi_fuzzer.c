/*
 * fastcgi_fuzzer.c
 *		Where the bytes of a connection are cut makes no difference, limits hold,
 *		and what is taken from the parameters can be neither another line nor cut off.
 */
#include "core/fastcgi/cgi.h"
#include "core/fastcgi/fastcgi.h"
#include "fuzz.h"

static PgtcSlice
contents(const PgtcBuf *buf)
{
	return pgtc_slice(buf->data, buf->len);
}

static bool
same(const PgtcBuf *a, const PgtcBuf *b)
{
	return pgtc_slice_equal(contents(a), contents(b));
}

static void
check_line(PgtcSlice text)
{
	REQUIRE(text.len == 0 || (memchr(text.data, '\0', text.len) == NULL &&
							  memchr(text.data, '\n', text.len) == NULL));
}

static void
check_request(const PgtcCgiRequest *request)
{
	PgtcBuf head;
	int i;

	REQUIRE(request->n_headers <= PGTC_CGI_HEADERS_MAX &&
			request->n_context <= PGTC_CGI_CONTEXT_MAX);
	REQUIRE(request->method.len > 0 && request->target.len > 0);
	REQUIRE(pgtc_cgi_path(request).len <= request->target.len);
	REQUIRE(pgtc_cgi_content_length(request) >= -1);
	check_line(request->method);
	check_line(request->target);
	pgtc_buf_init(&head, &fuzz_mem);
	for (i = 0; i < request->n_headers; i++)
	{
		check_line(request->header[i].value);
		/* what is a header of a request could be one of an answer */
		REQUIRE(pgtc_cgi_write_header(&head, request->header[i].name, request->header[i].value) ==
				PGTC_OK);
	}
	for (i = 0; i < request->n_context; i++)
		REQUIRE(request->context[i].value.len > 0);
	pgtc_buf_free(&head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcFastcgi whole, cut;
	PgtcCgiRequest request;
	PgtcFastcgiState state;
	size_t at, len;

	pgtc_fastcgi_init(&whole, &fuzz_mem, 8);
	pgtc_fastcgi_init(&cut, &fuzz_mem, 8);
	state = pgtc_fastcgi_feed(&whole, fuzz_slice(data, size));
	/* the bytes themselves say where */
	for (at = 0; at < size; at += len)
	{
		len = data[at] % 16 + 1;
		if (len > size - at)
			len = size - at;
		pgtc_fastcgi_feed(&cut, fuzz_slice(data + at, len));
	}
	REQUIRE(cut.state == state && cut.id == whole.id);
	REQUIRE(same(&cut.params, &whole.params) && same(&cut.body, &whole.body) &&
			same(&cut.replies, &whole.replies));
	REQUIRE(whole.params.len <= PGTC_FASTCGI_PARAMS_MAX && whole.body.len <= PGTC_FASTCGI_BODY_MAX);
	REQUIRE(state != PGTC_FASTCGI_COMPLETE || whole.id != 0);
	if (pgtc_cgi_read(contents(&whole.params), &fuzz_mem, &request) == PGTC_OK)
		check_request(&request);
	else
		REQUIRE(request.n_headers == 0 && request.storage.data == NULL);
	pgtc_cgi_free(&request);
	pgtc_fastcgi_free(&whole);
	pgtc_fastcgi_free(&cut);
	return 0;
}
