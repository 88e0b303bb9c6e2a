/*
 * request_context.c
 *		What is known of a request and where it came from.
 */
#include "core/risk/request_context.h"
#include "core/base/address.h"

bool
pgtc_request_context_same(const PgtcRequestContext *a, const PgtcRequestContext *b)
{
	return pgtc_request_context_same_address(a->ip, b->ip, 32, 128) &&
		   pgtc_request_context_same_member(a->user_agent, b->user_agent) &&
		   pgtc_request_context_same_member(a->device_id, b->device_id) &&
		   pgtc_request_context_same_member(a->session_id, b->session_id);
}

bool
pgtc_request_context_same_address(PgtcSlice a, PgtcSlice b, int ipv4_prefix, int ipv6_prefix)
{
	PgtcAddress one;
	PgtcAddress other;

	return pgtc_request_context_same_member(a, b) ||
		   (pgtc_address_parse(a, &one) == PGTC_OK && pgtc_address_parse(b, &other) == PGTC_OK &&
			pgtc_address_same_network(&one, &other, ipv4_prefix, ipv6_prefix));
}

/* an empty string is not the same as none */
bool
pgtc_request_context_same_member(PgtcSlice a, PgtcSlice b)
{
	return (a.data == NULL) == (b.data == NULL) && pgtc_slice_equal(a, b);
}
