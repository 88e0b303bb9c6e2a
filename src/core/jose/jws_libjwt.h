/*
 * jws_libjwt.h
 *		Tokens with an HMAC held against libjwt: one adapter for each of its generations,
 *		jws_libjwt1.c and jws_libjwt3.c.
 */
#ifndef PGT_CORE_JWS_LIBJWT_H
#define PGT_CORE_JWS_LIBJWT_H

#include "core/jose/jws.h"

/*
 * Asked by pgtc_jws_verify after the MAC was found right: has libjwt anything against
 * this token?  An answer of PGTC_OK alone proves nothing: libjwt 1 cannot read every typ.
 */
extern PgtcCode pgtc_jws_libjwt_verify(const PgtcJws *jws, const PgtcKey *key, const PgtcMem *mem);

#endif /* PGT_CORE_JWS_LIBJWT_H */
