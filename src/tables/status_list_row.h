/*
 * status_list_row.h
 *		Status lists: which there are, what is to be said in them, and what was signed.
 */
#ifndef PGT_STATUS_LIST_ROW_H
#define PGT_STATUS_LIST_ROW_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "core/oauth/status_list.h"

typedef struct StatusList
{
	bool all_ended; /* whatever has been in it, as after a restore */
	char *document; /* as it was signed last; NULL: never, or too long ago */
	TimestampTz built_at;
	char *kid; /* of the key that has signed it */
} StatusList;

/* what is committed by now; false: the issuer has no such list */
extern bool status_list_row_find(const char *issuer, PgtcStatusList list, StatusList *found);

/* the bits of the families whose tokens are refused, as of now; the others stay as they are */
extern void status_list_row_bits(PgtcStatusList list, uint8_t bits[PGTC_STATUS_LIST_BYTES]);

/* in the place of what was there; the caller has the build_lock() of the list */
extern void status_list_row_keep(PgtcStatusList list, const StatusList *built);

#endif /* PGT_STATUS_LIST_ROW_H */
