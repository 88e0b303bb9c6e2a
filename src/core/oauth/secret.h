/*
 * secret.h
 *		Secrets of clients.
 */
#ifndef PGT_CORE_SECRET_H
#define PGT_CORE_SECRET_H

#include "core/base/slice.h"

#define PGTC_SECRET_LEN 32 /* bytes of what we draw, also in tokens and handles */

/* ours: "pgtcs_" base64url( random (32) ) */
#define PGTC_CLIENT_SECRET_PREFIX "pgtcs_"
#define PGTC_CLIENT_SECRET_LEN 49 /* 6 + 43 */

/* of the same form: initial access tokens (RFC 7591), and registration access tokens (RFC 7592) */
#define PGTC_INITIAL_TOKEN_PREFIX "pgtia_"
#define PGTC_REGISTRATION_TOKEN_PREFIX "pgtra_"

/* prefix is one of the three */
extern void pgtc_secret_write(const char *prefix, const uint8_t random[PGTC_SECRET_LEN],
							  char out[PGTC_CLIENT_SECRET_LEN + 1]);

/*
 * Does it look as if a machine had drawn it, with 128 bits or more, so that a fast
 * hash tells nothing of it?  Judged by its form: 32 characters or more of base64 or
 * hexadecimal, as mixed as random ones nearly always are and words are not.
 */
extern bool pgtc_secret_looks_random(PgtcSlice secret);

#endif /* PGT_CORE_SECRET_H */
