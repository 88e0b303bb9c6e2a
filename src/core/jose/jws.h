/*
 * jws.h
 *		JWS compact serialisation (RFC 7515): taking apart, signing, verifying.
 *
 * What decides whether a token is acceptable (algorithm pinning, typ, crit,
 * duplicate members, time, issuer, audience) is ours, whichever libjwt there is.
 */
#ifndef PGT_CORE_JWS_H
#define PGT_CORE_JWS_H

#include "core/jose/key.h"

#define PGTC_JWS_MAX 16384 /* bytes of a token we look at */
#define PGTC_KID_MAX 128
#define PGTC_TYP_MAX 64

typedef struct PgtcJws
{
	PgtcSlice token; /* the whole */
	PgtcSlice header; /* base64url, as the next two */
	PgtcSlice payload;
	PgtcSlice signature;
	PgtcSlice signing_input; /* header "." payload */
} PgtcJws;

typedef struct PgtcJwsHeader
{
	const PgtcAlg *alg;
	char kid[PGTC_KID_MAX + 1]; /* "" when absent */
	char typ[PGTC_TYP_MAX + 1]; /* lower case, "application/" cut off; "" when absent */
} PgtcJwsHeader;

/* three non-empty parts of the base64url alphabet, at most PGTC_JWS_MAX bytes */
extern PgtcCode pgtc_jws_split(PgtcSlice token, PgtcJws *out);

/*
 * The protected header.  Refused: not a JSON object, duplicate members, alg
 * absent or unknown (PGTC_E_ALG), crit present (RFC 7515 section 4.1.11), b64
 * present, kid or typ not a string or over-long.  Keys carried or pointed to by
 * the header (jwk, jku, x5c, x5u) are never used.
 */
extern PgtcCode pgtc_jws_read_header(const PgtcJws *jws, const PgtcMem *mem, PgtcJwsHeader *out);

/* PGTC_E_ALG unless alg is the key's; PGTC_E_SIGNATURE unless it verifies */
extern PgtcCode pgtc_jws_verify(const PgtcJws *jws, const PgtcAlg *alg, const PgtcKey *key,
								const PgtcMem *mem);

/* from byte start on out holds header "." payload; appends "." signature */
extern PgtcCode pgtc_jws_sign(const PgtcKey *key, PgtcBuf *out, size_t start);

#endif /* PGT_CORE_JWS_H */
