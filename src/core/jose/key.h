/*
 * key.h
 *		Signature algorithms, keys, and their JWK form (RFC 7517, 7518, 7638, 8037).
 *
 * A key is pinned to one algorithm from the moment it is made: nothing in a
 * token can make it serve another (RFC 8725 section 3.1).  The caller owns a
 * PgtcKey and ends it with pgtc_key_free, which wipes symmetric secrets.
 */
#ifndef PGT_CORE_JWK_H
#define PGT_CORE_JWK_H

#include <openssl/evp.h>

#include "core/base/buf.h"

typedef enum PgtcKeyType
{
	PGTC_KTY_EC,
	PGTC_KTY_RSA,
	PGTC_KTY_OKP,
	PGTC_KTY_OCT
} PgtcKeyType;

/* one row per algorithm; ES256 ES384 ES512 RS256 PS256 EdDSA HS256 */
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
} PgtcAlg;

typedef struct PgtcKey
{
	const PgtcAlg *alg;
	EVP_PKEY *pkey; /* NULL for oct */
	uint8_t *secret; /* oct only; OPENSSL_malloc'd */
	size_t secret_len;
	bool is_private; /* can sign */
	/* set up to sign, or to verify when public; all NULL for oct */
	EVP_MD *digest; /* what is signed is this digest, by the next; NULL for OKP */
	EVP_PKEY_CTX *signs_digest;
	EVP_MD_CTX *signs_text; /* OKP, which hashes by itself: copied for each use */
} PgtcKey;

#define PGTC_HMAC_KEY_MIN 32 /* RFC 7518 section 3.2: at least the hash's size */
#define PGTC_RSA_BITS_MIN 2048
#define PGTC_RSA_BITS_MAX 8192
#define PGTC_RSA_BITS_NEW 2048
#define PGTC_JWK_MAX 8192 /* bytes of a JWK we read */
#define PGTC_THUMBPRINT_LEN 43

/* NULL for an unknown name, "none" included; names are case-sensitive */
extern const PgtcAlg *pgtc_alg_by_name(PgtcSlice name);

/* the same for what others write: by either name */
extern const PgtcAlg *pgtc_alg_by_any_name(PgtcSlice name);

/* the i-th algorithm, NULL past the end */
extern const PgtcAlg *pgtc_alg_nth(int i);

extern PgtcCode pgtc_key_generate(const PgtcAlg *alg, PgtcKey *out);

/*
 * Bring in a key that exists already: PEM (PKCS#8 or the traditional form,
 * unencrypted, never asking for a passphrase) for asymmetric algorithms, the
 * base64url secret for HS256.  PGTC_E_MALFORMED, or PGTC_E_KEY when it is of
 * the wrong type, curve or size for alg.
 */
extern PgtcCode pgtc_key_import(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out);

/* private form for storage: PKCS#8 DER, or the raw secret; appended to out */
extern PgtcCode pgtc_key_write_private(const PgtcKey *key, PgtcBuf *out);
extern PgtcCode pgtc_key_read_private(const PgtcAlg *alg, const uint8_t *data, size_t len,
									  PgtcKey *out);

/* the public key as a JWK object with kid, alg and use=sig; PGTC_E_KEY for oct */
extern PgtcCode pgtc_key_write_jwk(const PgtcKey *key, PgtcSlice kid, PgtcBuf *out);

/*
 * A public key from a JWK.  Refused: duplicate members, a private part, an alg,
 * kty or crv other than alg's, a point off the curve, oct, anything over
 * PGTC_JWK_MAX.
 */
extern PgtcCode pgtc_key_read_jwk(const PgtcAlg *alg, PgtcSlice json, PgtcKey *out);

/* RFC 7638 with SHA-256, base64url, NUL-terminated; PGTC_E_KEY for oct (a digest of a secret is no name) */
extern PgtcCode pgtc_key_thumbprint(const PgtcKey *key, const PgtcMem *mem,
									char out[PGTC_THUMBPRINT_LEN + 1]);

extern void pgtc_key_free(PgtcKey *key);

#endif /* PGT_CORE_JWK_H */
