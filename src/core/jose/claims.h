/*
 * claims.h
 *		Reading and judging the claims of tokens we are shown (RFC 7519, 9068).
 */
#ifndef PGT_CORE_CLAIMS_H
#define PGT_CORE_CLAIMS_H

#include "core/base/buf.h"

#define PGTC_AUD_MAX 32
#define PGTC_AMR_MAX 16

/*
 * Claims that were read.  The slices point into *json, which pgtc_claims_free
 * ends; until then the caller must not jump.
 */
typedef struct PgtcClaims
{
	void *json; /* json_t * */
	PgtcSlice iss;
	PgtcSlice sub;
	PgtcSlice client_id;
	PgtcSlice jti;
	PgtcSlice scope;
	PgtcSlice grant_id;
	PgtcSlice sid;
	PgtcSlice azp;
	PgtcSlice jkt; /* of cnf (RFC 9449 section 6), as the next (RFC 8705 section 3) */
	PgtcSlice x5t_s256;
	PgtcSlice aud[PGTC_AUD_MAX];
	int n_aud;
	bool aud_is_string; /* one, and not a list of one */
	int64_t exp; /* -1 when absent, as the next three */
	int64_t iat;
	int64_t nbf;
	int64_t auth_time;
} PgtcClaims;

/*
 * Refused: not a JSON object, duplicate members, NUL in a string, a registered
 * claim of the wrong type (PGTC_E_CLAIM), times that are not numbers from 0 to
 * 2^53 (a fraction is cut off), more than PGTC_AUD_MAX audiences.
 */
extern PgtcCode pgtc_claims_read(PgtcSlice payload, PgtcClaims *out);
extern void pgtc_claims_free(PgtcClaims *claims);
extern bool pgtc_claims_has_audience(const PgtcClaims *claims, PgtcSlice audience);

/*
 * RFC 9068 section 4, after the signature: iss equals iss, exp, iat, sub, aud,
 * client_id, jti present, exp > now, nbf and iat <= now + leeway, audience
 * among aud unless audience.data is NULL.
 */
extern PgtcCode pgtc_claims_check_access(const PgtcClaims *claims, PgtcSlice iss,
										 PgtcSlice audience, int64_t now, int64_t leeway);

/* the unverified grant_id claim of a JWT, for routing only; PGTC_E_CLAIM when there is none */
extern PgtcCode pgtc_claims_grant_id(PgtcSlice token, const PgtcMem *mem, uint8_t out[16]);

#endif /* PGT_CORE_CLAIMS_H */
