/*
 * sealed_request.h
 *		Requests that one shard hands over to another, as text.
 */
#ifndef PGT_CORE_SEALED_REQUEST_H
#define PGT_CORE_SEALED_REQUEST_H

#include "core/base/buf.h"
#include "core/base/uuid.h"

/*
 *		prefix base64url( version=1 (1) | id (16) | sealed )
 *
 * id is that of the request where it goes to, and says on which shard that is.  What is
 * sealed is told by nobody here: whoever opens it has to have the id authenticated with it.
 */
#define PGTC_SEALED_REQUEST_PREFIX "pgtsr_"
#define PGTC_SEALED_REQUEST_MAX (1024 * 1024) /* characters; a request has some hundreds */

/* the prefix is there: if it is anything of ours, then this */
extern bool pgtc_sealed_request_is(PgtcSlice text);

/* appends the text to out; PGTC_E_TOO_LONG */
extern PgtcCode pgtc_sealed_request_write(const uint8_t id[PGTC_UUID_LEN], PgtcSlice sealed,
										  PgtcBuf *out);

/*
 * Appends what is sealed.  PGTC_E_MALFORMED for anything but the one spelling of version
 * 1: then id is all zeros and nothing is appended.
 */
extern PgtcCode pgtc_sealed_request_read(PgtcSlice text, uint8_t id[PGTC_UUID_LEN],
										 PgtcBuf *sealed);

#endif /* PGT_CORE_SEALED_REQUEST_H */
