/*
 * token.h
 *		Building the tokens we sign (RFC 7519, 9068, OpenID Connect Core section 2).
 */
#ifndef PGT_CORE_TOKEN_H
#define PGT_CORE_TOKEN_H

#include "core/jose/key.h"

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
	PgtcSlice authorization_details; /* RFC 9396 section 9.1, of an array */
	PgtcSlice status; /* of an object (oauth/status_list.h) */
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
extern bool pgtc_token_claim_reserved(PgtcSlice name);

/* left half of the hash of the algorithm's size (OIDC Core 3.1.3.6), base64url, NUL-terminated */
#define PGTC_AT_HASH_MAX 43
extern PgtcCode pgtc_token_at_hash(const PgtcAlg *alg, PgtcSlice token,
								   char out[PGTC_AT_HASH_MAX + 1]);

#endif /* PGT_CORE_TOKEN_H */
