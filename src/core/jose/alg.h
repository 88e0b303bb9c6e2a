/*
 * alg.h
 *		Signature algorithms (RFC 7518, 8037, 9864).
 */
#ifndef PGT_CORE_ALG_H
#define PGT_CORE_ALG_H

#include "core/base/slice.h"

typedef enum PgtcKeyType
{
	PGTC_KTY_EC,
	PGTC_KTY_RSA,
	PGTC_KTY_OKP,
	PGTC_KTY_OCT
} PgtcKeyType;

/* one row per algorithm, all of them in alg.c */
typedef struct PgtcAlg
{
	const char *name; /* RFC 7518 / 8037 name, which we write */
	const char *other_name; /* what others may call it (RFC 9864), or NULL */
	PgtcKeyType kty;
	const char *crv; /* JWK crv, or NULL */
	const char *group; /* OpenSSL group name, or NULL */
	const char *digest; /* OpenSSL digest the signature uses, or NULL (EdDSA) */
	const char *hash; /* digest of at_hash and c_hash; EdDSA: SHA512 */
	size_t field_len; /* bytes of a coordinate or of the public key; 0 for RSA and oct */
	bool pss;
	bool fapi; /* may be used where FAPI 2.0 rules (Security Profile section 5.4.1) */
	int cose; /* its number in COSE where credentials of WebAuthn may have it; 0 */
} PgtcAlg;

/* NULL for an unknown name, "none" included; names are case-sensitive */
extern const PgtcAlg *pgtc_alg_by_name(PgtcSlice name);

/* the same for what others write: by either name */
extern const PgtcAlg *pgtc_alg_by_any_name(PgtcSlice name);

/* the i-th algorithm, NULL past the end */
extern const PgtcAlg *pgtc_alg_nth(int i);

/* the i-th of all names, either kind, NULL past the end; symmetric: those for which a secret is needed as well */
extern const char *pgtc_alg_nth_name(int i, bool symmetric);

#endif /* PGT_CORE_ALG_H */
