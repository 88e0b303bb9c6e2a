/*
 * audit_key.h
 *		The keys that sign seals of the audit, and nothing else.
 */
#ifndef PGT_AUDIT_KEY_H
#define PGT_AUDIT_KEY_H

#include "base/compat.h"

#include "core/base/slice.h"
#include "core/jose/alg.h"

/* typ of what they sign, by which no verifier of tokens takes it for one */
#define AUDIT_KEY_TYP "pgtoken-seal+jwt"

/* makes a key and stores it, active; whoever calls sees to it that no other is; the kid is returned */
extern char *audit_key_create(const PgtcAlg *alg);

/* the seal with this payload, a JWS (RFC 7515), by a key whose private part is here */
extern char *audit_key_sign(const char *kid, const PgtcAlg *alg, PgtcSlice payload);

/* is it signed by the key of this public JWK? */
extern bool audit_key_verify(const PgtcAlg *alg, PgtcSlice jwk, PgtcSlice seal);

#endif /* PGT_AUDIT_KEY_H */
