/*
 * jti.h
 *		Identifiers of access tokens.
 */
#ifndef PGT_CORE_JTI_H
#define PGT_CORE_JTI_H

#include "core/base/uuid.h"

/*
 *		base64url( grant_id (16) | generation (4) | retry (3) | random (5) ), big-endian
 *
 * It says where the ledger has the token, so that nobody searches a long family for
 * it.  retry is the least that the row can have: it is written before the row is, and
 * somebody else may get in between.
 */
#define PGTC_JTI_RANDOM_LEN 5
#define PGTC_JTI_RETRY_MAX 0xffffff
#define PGTC_JTI_LEN 38

typedef struct PgtcJti
{
	uint8_t grant_id[PGTC_UUID_LEN];
	uint32_t generation; /* at most INT32_MAX */
	uint32_t retry; /* more than PGTC_JTI_RETRY_MAX is written as that */
	uint8_t random[PGTC_JTI_RANDOM_LEN];
} PgtcJti;

extern void pgtc_jti_write(const PgtcJti *jti, char out[PGTC_JTI_LEN + 1]);

/* PGTC_E_MALFORMED for anything but the one spelling */
extern PgtcCode pgtc_jti_parse(PgtcSlice in, PgtcJti *out);

#endif /* PGT_CORE_JTI_H */
