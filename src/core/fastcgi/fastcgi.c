/*
 * fastcgi.c
 *		The records of FastCGI, read and written.
 */
#include "core/fastcgi/fastcgi.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/fastcgi/cgi.h"

#define VERSION 1
#define CONTENT_MAX 65528 /* of a record that is written: a multiple of 8 needs no padding */
#define KEPT_MAX 1024 /* bytes of a record that is looked at as a whole */

enum
{
	BEGIN_REQUEST = 1,
	ABORT_REQUEST = 2,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	GET_VALUES = 9,
	GET_VALUES_RESULT = 10,
	UNKNOWN_TYPE = 11
};

enum
{
	ROLE_RESPONDER = 1
};

/* protocolStatus of END_REQUEST */
enum
{
	REQUEST_COMPLETE = 0,
	CANT_MPX_CONN = 1,
	UNKNOWN_ROLE = 3
};

void
pgtc_fastcgi_init(PgtcFastcgi *fastcgi, const PgtcMem *mem, int connections)
{
	memset(fastcgi, 0, sizeof(*fastcgi));
	fastcgi->connections = connections;
	pgtc_buf_init(&fastcgi->params, mem);
	pgtc_buf_init(&fastcgi->body, mem);
	pgtc_buf_init(&fastcgi->replies, mem);
	pgtc_buf_init(&fastcgi->content, mem);
}

void
pgtc_fastcgi_free(PgtcFastcgi *fastcgi)
{
	pgtc_buf_free(&fastcgi->params);
	pgtc_buf_free(&fastcgi->body);
	pgtc_buf_free(&fastcgi->replies);
	pgtc_buf_free(&fastcgi->content);
}

/* --- records that are written --------------------------------------------------- */

static void
write_header(PgtcBuf *out, uint8_t type, uint16_t id, size_t len)
{
	uint8_t header[8] = {VERSION, type};

	pgtc_bytes_put(header + 2, 2, id);
	pgtc_bytes_put(header + 4, 2, len);
	pgtc_buf_append(out, header, sizeof(header));
}

static void
write_end(PgtcBuf *out, uint16_t id, uint8_t status)
{
	uint8_t body[8] = {0};

	body[4] = status;
	write_header(out, END_REQUEST, id, sizeof(body));
	pgtc_buf_append(out, body, sizeof(body));
}

void
pgtc_fastcgi_answer(PgtcBuf *out, uint16_t id, PgtcSlice output)
{
	while (output.len > 0)
	{
		size_t len = output.len < CONTENT_MAX ? output.len : CONTENT_MAX;

		write_header(out, STDOUT, id, len);
		pgtc_buf_append(out, output.data, len);
		output = pgtc_slice(output.data + len, output.len - len);
	}
	write_header(out, STDOUT, id, 0);
	write_end(out, id, REQUEST_COMPLETE);
}

/* --- records that are read -------------------------------------------------------- */

static uint8_t
record_type(const PgtcFastcgi *fastcgi)
{
	return fastcgi->header[1];
}

static uint16_t
record_id(const PgtcFastcgi *fastcgi)
{
	return (uint16_t) pgtc_bytes_get(fastcgi->header + 2, 2);
}

static size_t
record_len(const PgtcFastcgi *fastcgi)
{
	return (size_t) pgtc_bytes_get(fastcgi->header + 4, 2);
}

/* of the request that has begun; others are none of ours, and passed over */
static bool
is_ours(const PgtcFastcgi *fastcgi)
{
	return fastcgi->id != 0 && record_id(fastcgi) == fastcgi->id;
}

/* a web server asks once, before its first request; who does so for ever is none */
static bool
may_reply(PgtcFastcgi *fastcgi)
{
	if (fastcgi->n_replies++ < PGTC_FASTCGI_REPLIES_MAX)
		return true;
	fastcgi->state = PGTC_FASTCGI_BROKEN;
	return false;
}

static void
take_begin(PgtcFastcgi *fastcgi)
{
	const uint8_t *content = (const uint8_t *) fastcgi->content.data;
	uint16_t id = record_id(fastcgi);

	if (fastcgi->content.len != 8 || id == 0 || id == fastcgi->id)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	else if (fastcgi->id != 0)
	{
		if (may_reply(fastcgi))
			write_end(&fastcgi->replies, id, CANT_MPX_CONN);
	}
	else if (pgtc_bytes_get(content, 2) != ROLE_RESPONDER)
	{
		write_end(&fastcgi->replies, id, UNKNOWN_ROLE);
		fastcgi->state = PGTC_FASTCGI_ENDED;
	}
	else
		fastcgi->id = id;
}

static void
take_abort(PgtcFastcgi *fastcgi)
{
	if (!is_ours(fastcgi))
		return;
	write_end(&fastcgi->replies, fastcgi->id, REQUEST_COMPLETE);
	fastcgi->state = PGTC_FASTCGI_ENDED;
}

static void
append_value(PgtcBuf *out, const char *name, int value)
{
	char text[12];
	uint8_t lengths[2];
	int len = snprintf(text, sizeof(text), "%d", value);

	lengths[0] = (uint8_t) strlen(name);
	lengths[1] = (uint8_t) len;
	pgtc_buf_append(out, lengths, sizeof(lengths));
	pgtc_buf_append_str(out, name);
	pgtc_buf_append_str(out, text);
}

/* the variables that the web server names and an application has to know, each once */
static void
take_get_values(PgtcFastcgi *fastcgi)
{
	static const char *const known[] = {"FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"};
	PgtcBuf values;
	size_t i;

	if (!may_reply(fastcgi))
		return;
	pgtc_buf_init(&values, fastcgi->replies.mem);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		PgtcSlice rest = pgtc_slice(fastcgi->content.data, fastcgi->content.len);
		PgtcSlice name, value;
		bool asked = false;

		while (!asked && pgtc_cgi_next(&rest, &name, &value) == PGTC_OK)
			asked = pgtc_slice_equal(name, pgtc_slice_str(known[i]));
		if (asked)
			append_value(&values, known[i], i < 2 ? fastcgi->connections : 0);
	}
	write_header(&fastcgi->replies, GET_VALUES_RESULT, 0, values.len);
	pgtc_buf_append(&fastcgi->replies, values.data, values.len);
	if (pgtc_buf_code(&values) != PGTC_OK)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	pgtc_buf_free(&values);
}

static void
take_unknown(PgtcFastcgi *fastcgi)
{
	uint8_t body[8] = {0};

	/* of a request it may be passed over, of the connection it has to be answered */
	if (record_id(fastcgi) != 0 || !may_reply(fastcgi))
		return;
	body[0] = record_type(fastcgi);
	write_header(&fastcgi->replies, UNKNOWN_TYPE, 0, sizeof(body));
	pgtc_buf_append(&fastcgi->replies, body, sizeof(body));
}

/* an empty record ends a stream, and what comes after it is none of the protocol's */
static void
take_end_of_stream(PgtcFastcgi *fastcgi, bool *ended)
{
	if (*ended)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	*ended = true;
	if (fastcgi->state == PGTC_FASTCGI_READING && fastcgi->params_ended && fastcgi->body_ended)
		fastcgi->state = PGTC_FASTCGI_COMPLETE;
}

/* as much as there is room for: the same however the bytes are cut; true: that was not all */
static bool
append_up_to(PgtcBuf *buf, size_t max, PgtcSlice bytes)
{
	size_t room = max - buf->len;

	pgtc_buf_append(buf, bytes.data, bytes.len < room ? bytes.len : room);
	return bytes.len > room;
}

static void
take_content(PgtcFastcgi *fastcgi, PgtcSlice bytes)
{
	uint8_t type = record_type(fastcgi);

	if (type != PARAMS && type != STDIN)
		append_up_to(&fastcgi->content, KEPT_MAX, bytes);
	else if (!is_ours(fastcgi))
		return;
	else if (type == PARAMS ? fastcgi->params_ended : fastcgi->body_ended)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	else if (type == PARAMS)
		fastcgi->params_too_large |= append_up_to(&fastcgi->params, PGTC_FASTCGI_PARAMS_MAX, bytes);
	else
		fastcgi->body_too_large |= append_up_to(&fastcgi->body, PGTC_FASTCGI_BODY_MAX, bytes);
}

/* all of a record's content has come */
static void
take_record(PgtcFastcgi *fastcgi)
{
	switch (record_type(fastcgi))
	{
		case BEGIN_REQUEST:
			take_begin(fastcgi);
			break;
		case ABORT_REQUEST:
			take_abort(fastcgi);
			break;
		case PARAMS:
			if (is_ours(fastcgi) && record_len(fastcgi) == 0)
				take_end_of_stream(fastcgi, &fastcgi->params_ended);
			break;
		case STDIN:
			if (is_ours(fastcgi) && record_len(fastcgi) == 0)
				take_end_of_stream(fastcgi, &fastcgi->body_ended);
			break;
		case GET_VALUES:
			take_get_values(fastcgi);
			break;
		default:
			take_unknown(fastcgi);
			break;
	}
	pgtc_buf_truncate(&fastcgi->content, 0);
}

/* takes what it can use of the bytes */
static size_t
feed_header(PgtcFastcgi *fastcgi, PgtcSlice bytes)
{
	size_t wanted = sizeof(fastcgi->header) - fastcgi->header_len;
	size_t len = bytes.len < wanted ? bytes.len : wanted;

	memcpy(fastcgi->header + fastcgi->header_len, bytes.data, len);
	fastcgi->header_len += len;
	if (fastcgi->header[0] != VERSION)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	else if (len == wanted)
	{
		fastcgi->content_left = record_len(fastcgi);
		fastcgi->padding_left = fastcgi->header[6];
		if (fastcgi->content_left == 0)
			take_record(fastcgi);
	}
	return len;
}

static size_t
feed_content(PgtcFastcgi *fastcgi, PgtcSlice bytes)
{
	size_t len = bytes.len < fastcgi->content_left ? bytes.len : fastcgi->content_left;

	take_content(fastcgi, pgtc_slice(bytes.data, len));
	fastcgi->content_left -= len;
	if (fastcgi->content_left == 0 && fastcgi->state != PGTC_FASTCGI_BROKEN)
		take_record(fastcgi);
	return len;
}

static size_t
feed_padding(PgtcFastcgi *fastcgi, PgtcSlice bytes)
{
	size_t len = bytes.len < fastcgi->padding_left ? bytes.len : fastcgi->padding_left;

	fastcgi->padding_left -= len;
	return len;
}

PgtcFastcgiState
pgtc_fastcgi_feed(PgtcFastcgi *fastcgi, PgtcSlice bytes)
{
	fastcgi->input += bytes.len;
	if (fastcgi->input > PGTC_FASTCGI_INPUT_MAX)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	while (bytes.len > 0 && fastcgi->state <= PGTC_FASTCGI_COMPLETE)
	{
		size_t len;

		if (fastcgi->header_len < sizeof(fastcgi->header))
			len = feed_header(fastcgi, bytes);
		else if (fastcgi->content_left > 0)
			len = feed_content(fastcgi, bytes);
		else
			len = feed_padding(fastcgi, bytes);
		bytes = pgtc_slice(bytes.data + len, bytes.len - len);
		if (fastcgi->header_len == sizeof(fastcgi->header) && fastcgi->content_left == 0 &&
			fastcgi->padding_left == 0)
			fastcgi->header_len = 0;
	}
	if (pgtc_buf_code(&fastcgi->params) != PGTC_OK || pgtc_buf_code(&fastcgi->body) != PGTC_OK ||
		pgtc_buf_code(&fastcgi->replies) != PGTC_OK || pgtc_buf_code(&fastcgi->content) != PGTC_OK)
		fastcgi->state = PGTC_FASTCGI_BROKEN;
	return fastcgi->state;
}
