/*
 * claims.h
 *		JWT claims (RFC 7519, 9068, OpenID Connect Core section 2): building what
 *		we sign, reading and judging what we are shown.
 */
#ifndef PGT_CORE_CLAIMS_H
#define PGT_CORE_CLAIMS_H

#include "core/jose/jws.h"

#define PGTC_AUD_MAX 32
#define PGTC_AMR_MAX 16

/* what goes into a token; absent strings have data == NULL, absent times are < 0, absent lists n < 0 */
typedef struct PgtcTokenSpec
{
	const char *typ; /* "at+jwt" or "JWT" */
	PgtcSlice kid;
	PgtcSlice
		header; /* as pgtc_token_header wrote it, if it is kept: typ and kid are not looked at */
	PgtcSlice iss;
	PgtcSlice sub;
	const PgtcSlice *aud; /* one is written as a string, several as an array */
	int n_aud;
	PgtcSlice azp;
	PgtcSlice client_id;
	PgtcSlice scope;
	PgtcSlice jti;
	PgtcSlice grant_id;
	PgtcSlice sid;
	PgtcSlice nonce;
	PgtcSlice at_hash;
	PgtcSlice acr;
	const PgtcSlice *amr;
	int n_amr;
	int64_t iat;
	int64_t exp;
	int64_t auth_time;
	PgtcSlice cnf; /* JSON text of an object (RFC 7800), as the next */
	PgtcSlice act; /* RFC 8693 section 4.1 */
	PgtcSlice
		extra; /* a JSON object whose members are spliced in; already checked for reserved names */
} PgtcTokenSpec;

/*
 * The header of the tokens that a key signs, encoded, appended to out.  A token that
 * has these very bytes in front says what was written here and need not be parsed.
 */
extern PgtcCode pgtc_token_header(const PgtcAlg *alg, const char *typ, PgtcSlice kid, PgtcBuf *out);

/* header, payload and signature, appended to out */
extern PgtcCode pgtc_token_write(const PgtcTokenSpec *spec, const PgtcKey *key, PgtcBuf *out);

/* names an application's custom claims may not use: every registered one that we or OpenID Connect give a meaning */
extern bool pgtc_claim_reserved(PgtcSlice name);

/* left half of the hash of the algorithm's size (OIDC Core 3.1.3.6), base64url, NUL-terminated */
#define PGTC_AT_HASH_MAX 43
extern PgtcCode pgtc_at_hash(const PgtcAlg *alg, PgtcSlice token, char out[PGTC_AT_HASH_MAX + 1]);

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
extern PgtcCode pgtc_jwt_grant_id(PgtcSlice token, const PgtcMem *mem, uint8_t out[16]);

#endif /* PGT_CORE_CLAIMS_H */
