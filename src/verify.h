/*
 * verify.h
 *		Use cases: does an access token hold now (RFC 9068 section 4)?  What is
 *		there to say of a token (RFC 7662)?
 */
#ifndef PGT_VERIFY_H
#define PGT_VERIFY_H

#include "compat.h"

#include "utils/jsonb.h"

/* the claims, or NULL when it does not hold; audience NULL: any.  Valid until the next call */
extern Jsonb *verify_access_token(const char *token, size_t len, const char *audience);

/* never NULL: {"active": false} unless the token could be used now */
extern Jsonb *introspect_token(const char *token);

#endif /* PGT_VERIFY_H */
