/*
 * test_mark.c
 *		Request ids and traceparents.  Attacks shut out: an id that forges a line of a
 *		log or a header, one that floods, and a traceparent that a reader after us would
 *		take for another one.
 */
#include "core/base/mark.h"
#include "unit.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void
check_good(PgtcSlice text, const char *expected)
{
	PgtcTraceparent trace;
	char out[PGTC_TRACEPARENT_LEN + 1];

	CHECK_CODE(pgtc_mark_traceparent_read(text, &trace), PGTC_OK);
	pgtc_mark_traceparent_write(&trace, out);
	CHECK(strcmp(out, expected) == 0);
}

static void
check_bad(PgtcSlice text)
{
	PgtcTraceparent trace;
	PgtcTraceparent none = {0};

	memset(&trace, 'x', sizeof(trace));
	CHECK_CODE(pgtc_mark_traceparent_read(text, &trace), PGTC_E_MALFORMED);
	CHECK(memcmp(&trace, &none, sizeof(trace)) == 0);
}

static void
check_traceparent(void)
{
	check_good(LITERAL("00-" TRACE "-" SPAN "-01"), "00-" TRACE "-" SPAN "-01");
	check_good(LITERAL("00-" TRACE "-" SPAN "-00"), "00-" TRACE "-" SPAN "-00");
	/* flags that version 00 does not know are not passed on */
	check_good(LITERAL("00-" TRACE "-" SPAN "-ff"), "00-" TRACE "-" SPAN "-01");
	check_good(LITERAL("00-" TRACE "-" SPAN "-02"), "00-" TRACE "-" SPAN "-00");
	/* a version that nobody knows yet begins in the same way */
	check_good(LITERAL("01-" TRACE "-" SPAN "-01"), "00-" TRACE "-" SPAN "-01");
	check_good(LITERAL("cc-" TRACE "-" SPAN "-01-what the future will be like"),
			   "00-" TRACE "-" SPAN "-01");
	check_good(LITERAL("fe-" TRACE "-" SPAN "-01-"), "00-" TRACE "-" SPAN "-01");
}

/* C165: what others would read otherwise, or not at all, is none */
static void
check_no_traceparent(void)
{
	check_bad(LITERAL(""));
	check_bad(pgtc_slice(NULL, 0));
	check_bad(LITERAL("00-" TRACE "-" SPAN "-0"));
	check_bad(LITERAL("00-" TRACE "-" SPAN "-01-"));
	check_bad(LITERAL("00-" TRACE "-" SPAN "-01-more"));
	check_bad(LITERAL("00-" TRACE "-" SPAN "-01 "));
	check_bad(LITERAL(" 00-" TRACE "-" SPAN "-01"));
	check_bad(LITERAL("01-" TRACE "-" SPAN "-01.more"));
	check_bad(LITERAL("ff-" TRACE "-" SPAN "-01"));
	check_bad(LITERAL("FE-" TRACE "-" SPAN "-01"));
	check_bad(LITERAL("0x-" TRACE "-" SPAN "-01"));
	check_bad(LITERAL("00_" TRACE "-" SPAN "-01"));
	check_bad(LITERAL("00-" TRACE "_" SPAN "-01"));
	check_bad(LITERAL("00-" TRACE "-" SPAN "_01"));
	check_bad(LITERAL("00-" TRACE "-" SPAN "-0A"));
	check_bad(LITERAL("00-4BF92f3577b34da6a3ce929d0e0e4736-" SPAN "-01"));
	check_bad(LITERAL("00-" TRACE "-00F067aa0ba902b7-01"));
	check_bad(LITERAL("00-4bf92f3577b34da6a3ce929d0e0e473g-" SPAN "-01"));
	check_bad(LITERAL("00-4bf92f3577b34da6a3ce929d0e0e473\0-" SPAN "-01"));
	check_bad(LITERAL("00-00000000000000000000000000000000-" SPAN "-01"));
	check_bad(LITERAL("00-" TRACE "-0000000000000000-01"));
	/* two headers, as they are joined */
	check_bad(LITERAL("00-" TRACE "-" SPAN "-01, 00-" TRACE "-" SPAN "-01"));
}

static void
check_request_id(void)
{
	char text[PGTC_REQUEST_ID_MAX + 1];

	memset(text, 'a', sizeof(text));
	CHECK(pgtc_mark_id_valid(LITERAL("01a223f2-2e35-79d2-aa6d-88bad1ca4616")));
	CHECK(pgtc_mark_id_valid(LITERAL("Root=1-67891233-abcdef012345678912345678;Sampled=1")));
	CHECK(pgtc_mark_id_valid(LITERAL("A.z_9~:/+=@;-")));
	CHECK(pgtc_mark_id_valid(pgtc_slice(text, PGTC_REQUEST_ID_MAX)));
	CHECK(!pgtc_mark_id_valid(pgtc_slice(text, PGTC_REQUEST_ID_MAX + 1)));
	CHECK(!pgtc_mark_id_valid(LITERAL("")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a\r\nSet-Cookie: a=b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a\0b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a\"b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a\\b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("a, b")));
	CHECK(!pgtc_mark_id_valid(LITERAL("gr\xc3\xbc\xc3\x9f")));
}

/* packed and unpacked: the same, in so many bytes */
static void
check_pack(PgtcSlice id, const PgtcTraceparent *trace, size_t expected)
{
	uint8_t bytes[PGTC_MARK_MAX];
	size_t len = pgtc_mark_pack(id, trace, bytes);
	PgtcMark mark;

	CHECK(len == expected);
	CHECK_CODE(pgtc_mark_unpack(pgtc_slice((char *) bytes, len), &mark), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_slice_str(mark.request_id), id));
	CHECK(mark.has_trace == (trace != NULL));
	if (trace)
		CHECK(memcmp(&mark.trace, trace, sizeof(*trace)) == 0);
	/* cut short, or with something behind it: none, but where the id is a text of its own */
	if (trace)
		CHECK_CODE(pgtc_mark_unpack(pgtc_slice((char *) bytes, 25), &mark), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_mark_unpack(pgtc_slice((char *) bytes, 0), &mark), PGTC_E_MALFORMED);
	bytes[0] |= 8;
	CHECK_CODE(pgtc_mark_unpack(pgtc_slice((char *) bytes, len), &mark), PGTC_E_MALFORMED);
}

static void
check_packed(void)
{
	PgtcTraceparent trace;
	char text[PGTC_REQUEST_ID_MAX];

	memset(text, 'z', sizeof(text));
	CHECK_CODE(pgtc_mark_traceparent_read(LITERAL("00-" TRACE "-" SPAN "-01"), &trace), PGTC_OK);
	check_pack(LITERAL("01a223f2-2e35-79d2-aa6d-88bad1ca4616"), NULL, 17);
	check_pack(LITERAL("01a223f2-2e35-79d2-aa6d-88bad1ca4616"), &trace, 42);
	check_pack(LITERAL("01A223F2-2e35-79d2-aa6d-88bad1ca4616"), NULL, 37);
	check_pack(LITERAL(TRACE), NULL, 17);
	check_pack(LITERAL("4BF92F3577B34DA6A3CE929D0E0E4736"), NULL, 33);
	check_pack(LITERAL("edge-7/42"), &trace, 35);
	check_pack(LITERAL(""), &trace, 26);
	check_pack(pgtc_slice(text, sizeof(text)), &trace, PGTC_MARK_MAX);
}

static void
check_broken(void)
{
	PgtcMark mark;

	CHECK_CODE(pgtc_mark_unpack(LITERAL("\x02short"), &mark), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_mark_unpack(LITERAL("\x00x"), &mark), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_mark_unpack(LITERAL("\x06"), &mark), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_mark_unpack(LITERAL("\x06"
										"a b"),
								&mark),
			   PGTC_E_MALFORMED);
	CHECK(mark.request_id[0] == '\0' && !mark.has_trace);
}

void
test_mark(void)
{
	check_traceparent();
	check_no_traceparent();
	check_request_id();
	check_packed();
	check_broken();
}
