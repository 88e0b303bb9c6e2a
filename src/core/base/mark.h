/*
 * mark.h
 *		By what an HTTP request is found elsewhere: its id, and its place in a trace.
 *
 * The id is a proxy's word or made; the trace is what the caller's traceparent says
 * (W3C Trace Context).  Both may be of any sender's choosing, so they find things and
 * prove nothing.
 */
#ifndef PGT_CORE_MARK_H
#define PGT_CORE_MARK_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_TRACE_ID_LEN 16
#define PGTC_SPAN_ID_LEN 8
#define PGTC_TRACEPARENT_LEN 55 /* as text, of version 00 */
#define PGTC_REQUEST_ID_MAX 100
#define PGTC_MARK_MAX (1 + PGTC_TRACE_ID_LEN + PGTC_SPAN_ID_LEN + 1 + PGTC_REQUEST_ID_MAX)

typedef struct PgtcTraceparent
{
	uint8_t trace_id[PGTC_TRACE_ID_LEN];
	uint8_t span_id[PGTC_SPAN_ID_LEN]; /* of the caller */
	uint8_t flags; /* 1: sampled */
} PgtcTraceparent;

typedef struct PgtcMark
{
	char request_id[PGTC_REQUEST_ID_MAX + 1]; /* empty: there is none */
	bool has_trace;
	PgtcTraceparent trace;
} PgtcMark;

/*
 * W3C Trace Context section 3.2: of version 00 those 55 characters and no more, of a
 * later one what begins like it and goes on with "-", of which the flag that 00 knows
 * is kept.  PGTC_E_MALFORMED for all else: ids of zeros alone, capitals, version ff.
 */
extern PgtcCode pgtc_mark_traceparent_read(PgtcSlice header, PgtcTraceparent *out);

/* as version 00, with a NUL */
extern void pgtc_mark_traceparent_write(const PgtcTraceparent *trace,
										char out[PGTC_TRACEPARENT_LEN + 1]);

/* 1 to PGTC_REQUEST_ID_MAX of A-Z a-z 0-9 . _ ~ : / + = @ ; and hyphen: fit for headers and logs as it is */
extern bool pgtc_mark_id_valid(PgtcSlice id);

/* lower-case digits with a NUL */
extern void pgtc_mark_hex(const uint8_t *bytes, size_t len, char *out);

/* as a row keeps it: 17 bytes for a UUID alone.  request_id is valid or empty; returns how many bytes */
extern size_t pgtc_mark_pack(PgtcSlice request_id, const PgtcTraceparent *trace,
							 uint8_t out[PGTC_MARK_MAX]);

/* PGTC_E_MALFORMED for what pgtc_mark_pack has not made */
extern PgtcCode pgtc_mark_unpack(PgtcSlice bytes, PgtcMark *out);

#endif /* PGT_CORE_MARK_H */
