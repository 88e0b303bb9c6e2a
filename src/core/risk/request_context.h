/*
 * request_context.h
 *		What is known of a request and where it came from.
 */
#ifndef PGT_CORE_REQUEST_CONTEXT_H
#define PGT_CORE_REQUEST_CONTEXT_H

#include "core/base/slice.h"

/* absent strings have data == NULL */
typedef struct PgtcRequestContext
{
	PgtcSlice session_id;
	PgtcSlice device_id;
	PgtcSlice user_agent;
	PgtcSlice ip; /* text */
	bool has_location;
	double latitude; /* degrees */
	double longitude;
	bool has_risk_score;
	double risk_score;
	int64_t collected_at; /* microseconds since 1970; -1: not said */
} PgtcRequestContext;

/* are both there, or neither, and if so the same? */
extern bool pgtc_request_context_same_member(PgtcSlice a, PgtcSlice b);

/* the same network of so many bits, however they are written; what is no address is compared as it is */
extern bool pgtc_request_context_same_address(PgtcSlice a, PgtcSlice b, int ipv4_prefix,
											  int ipv6_prefix);

/* do the two name the same ip, user_agent, device_id and session_id? */
extern bool pgtc_request_context_same(const PgtcRequestContext *a, const PgtcRequestContext *b);

#endif /* PGT_CORE_REQUEST_CONTEXT_H */
