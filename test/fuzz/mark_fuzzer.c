/*
 * mark_fuzzer.c
 *		A traceparent that is read is written as version 00, and read again the same; a
 *		request id and what a row keeps of both come back as they were.
 */
#include "core/base/mark.h"
#include "fuzz.h"

static void
check_traceparent(PgtcSlice in)
{
	PgtcTraceparent trace;
	PgtcTraceparent again;
	char text[PGTC_TRACEPARENT_LEN + 1];
	uint8_t any = 0;
	size_t i;

	if (pgtc_mark_traceparent_read(in, &trace) != PGTC_OK)
		return;
	for (i = 0; i < PGTC_TRACE_ID_LEN; i++)
		any |= trace.trace_id[i];
	REQUIRE(any != 0 && trace.flags <= 1);
	pgtc_mark_traceparent_write(&trace, text);
	/* all but version and flags are what came */
	REQUIRE(memcmp(text + 2, in.data + 2, 51) == 0);
	REQUIRE(pgtc_mark_traceparent_read(pgtc_slice_str(text), &again) == PGTC_OK);
	REQUIRE(memcmp(&trace, &again, sizeof(trace)) == 0);
}

static void
check_packed(PgtcSlice id, const PgtcTraceparent *trace)
{
	uint8_t bytes[PGTC_MARK_MAX];
	size_t len = pgtc_mark_pack(id, trace, bytes);
	PgtcMark mark;

	REQUIRE(len >= 1 && len <= sizeof(bytes));
	REQUIRE(pgtc_mark_unpack(pgtc_slice((char *) bytes, len), &mark) == PGTC_OK);
	REQUIRE(pgtc_slice_equal(pgtc_slice_str(mark.request_id), id));
	REQUIRE(mark.has_trace == (trace != NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	PgtcTraceparent trace = {{1}, {1}, 1};
	PgtcMark mark;

	check_traceparent(in);
	if (pgtc_mark_id_valid(in))
	{
		check_packed(in, NULL);
		check_packed(in, &trace);
	}
	if (pgtc_mark_unpack(in, &mark) == PGTC_OK && mark.request_id[0] != '\0')
		REQUIRE(pgtc_mark_id_valid(pgtc_slice_str(mark.request_id)));
	return 0;
}
