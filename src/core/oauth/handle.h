/*
 * handle.h
 *		Handles: authorization codes, device codes, request_uri references, transaction ids
 *		of pages and of step-ups, answers that wait to be posted.
 */
#ifndef PGT_CORE_HANDLE_H
#define PGT_CORE_HANDLE_H

#include "core/base/uuid.h"
#include "core/oauth/secret.h"

/*
 *		prefix base64url( version=1 (1) | grant_id (16) | secret (32) )
 *
 * grant_id says on which shard the row lies, so that a call can be routed; of a code and
 * of a step-up it is the family's.
 */
#define PGTC_CODE_PREFIX "pgtac_"
#define PGTC_DEVICE_CODE_PREFIX "pgtdc_"
#define PGTC_PUSHED_PREFIX "pgtpr_"
#define PGTC_TRANSACTION_PREFIX "pgttx_"
#define PGTC_CHALLENGE_PREFIX "pgtch_"
#define PGTC_ANSWER_PREFIX "pgtan_"
#define PGTC_HANDLE_LEN 72 /* 6 + 66 */

/* what a pushed one is prefixed with when it is a request_uri (RFC 9126 section 2.2) */
#define PGTC_REQUEST_URI_PREFIX "urn:ietf:params:oauth:request_uri:"

typedef struct PgtcHandle
{
	uint8_t grant_id[PGTC_UUID_LEN];
	uint8_t secret[PGTC_SECRET_LEN];
} PgtcHandle;

extern void pgtc_handle_write(const char *prefix, const PgtcHandle *handle,
							  char out[PGTC_HANDLE_LEN + 1]);

/* prefix is one of the above; PGTC_E_MALFORMED for anything but one exact spelling of version 1 with that prefix */
extern PgtcCode pgtc_handle_parse(const char *prefix, PgtcSlice in, PgtcHandle *out);

#endif /* PGT_CORE_HANDLE_H */
