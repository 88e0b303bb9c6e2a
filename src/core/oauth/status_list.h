/*
 * status_list.h
 *		Lists of the status of tokens (Token Status List): where a list is, what a
 *		token says of it, and its bits.
 *
 * A position counts within a series; its lists have PGTC_STATUS_LIST_SIZE entries
 * each, one after the other.  List and index follow from it:
 *
 *		number = position / PGTC_STATUS_LIST_SIZE
 *		index  = position % PGTC_STATUS_LIST_SIZE
 *
 * Rows are stored by it, and tokens name both: the size never changes.
 */
#ifndef PGT_CORE_STATUS_LIST_H
#define PGT_CORE_STATUS_LIST_H

#include "core/base/buf.h"
#include "core/base/placement.h"

#define PGTC_STATUS_LIST_PATH "/oauth2/status_lists"
#define PGTC_STATUS_LIST_SIZE 131072
#define PGTC_STATUS_LIST_BYTES (PGTC_STATUS_LIST_SIZE / 8)
#define PGTC_STATUS_LIST_NUMBERS 16384 /* of a series: a position fits an int32 */

typedef struct PgtcStatusList
{
	int64_t series; /* 1 to less than 2^53, which every reader of JSON takes */
	int32_t number; /* 0 to one less than PGTC_STATUS_LIST_NUMBERS */
} PgtcStatusList;

/* a series whose lowest 14 bits are the placement, so that a router finds its shard */
extern int64_t pgtc_status_list_series(const uint8_t random[8], uint32_t placement);

/*
 * "SERIES/NUMBER", each in decimal digits without leading zeros: one list has exactly
 * one spelling.  PGTC_E_MALFORMED for anything else.
 */
extern PgtcCode pgtc_status_list_parse(PgtcSlice text, PgtcStatusList *out);

/* the URL of a list; base: the issuer's, without a slash at the end */
extern void pgtc_status_list_uri(PgtcSlice base, PgtcStatusList list, PgtcBuf *out);

/* the value of the claim "status", JSON; base has no character that JSON would escape */
extern void pgtc_status_list_claim(PgtcSlice base, int64_t series, int32_t position, PgtcBuf *out);

/* of bits with PGTC_STATUS_LIST_BYTES: the entry becomes INVALID; index 0 is the lowest bit of the first byte */
extern void pgtc_status_list_end(uint8_t *bits, uint32_t index);

/* the member "status_list" of a list's token: bits, compressed, and where all lists are named */
extern PgtcCode pgtc_status_list_member(PgtcSlice base, const uint8_t *bits, PgtcBuf *out);

#endif /* PGT_CORE_STATUS_LIST_H */
