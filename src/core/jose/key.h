/*
 * key.h
 *		Keys.
 *
 * A key is pinned to one algorithm from the moment it is made: nothing in a
 * token can make it serve another (RFC 8725 section 3.1).  The caller owns a
 * PgtcKey and ends it with pgtc_key_free, which wipes symmetric secrets.
 */
#ifndef PGT_CORE_KEY_H
#define PGT_CORE_KEY_H

#include <openssl/evp.h>

#include "core/base/buf.h"
#include "core/jose/alg.h"

typedef struct PgtcKey
{
	const PgtcAlg *alg;
	EVP_PKEY *pkey; /* NULL for oct */
	uint8_t *secret; /* oct only; OPENSSL_malloc'd */
	size_t secret_len;
	bool is_private; /* can sign */
	OSSL_LIB_CTX *libctx; /* of a key in hardware: where its provider is; not ours to free */
	/* set up to sign, or to verify when public; all NULL for oct, the last two in hardware */
	EVP_MD *digest; /* what is signed is this digest, by the next; NULL for OKP */
	EVP_PKEY_CTX *signs_digest;
	EVP_MD_CTX *signs_text; /* OKP, which hashes by itself: copied for each use */
} PgtcKey;

#define PGTC_HMAC_KEY_MIN 32 /* RFC 7518 section 3.2: at least the hash's size */
#define PGTC_RSA_BITS_MIN 2048
#define PGTC_RSA_BITS_MAX 8192
#define PGTC_RSA_BITS_NEW 2048

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

/* an HS256 key of these bytes (client_secret_jwt); PGTC_E_KEY when there are fewer than PGTC_HMAC_KEY_MIN */
extern PgtcCode pgtc_key_of_secret(PgtcSlice secret, PgtcKey *out);

/*
 * Judge a parsed key (against alg: type, curve, size) and put it into out, which
 * owns it from then on; on refusal the key is freed.
 */
extern PgtcCode pgtc_key_adopt(const PgtcAlg *alg, EVP_PKEY *pkey, bool is_private, PgtcKey *out);

/* the same of a private key, whose public half must belong to it */
extern PgtcCode pgtc_key_adopt_pair(const PgtcAlg *alg, EVP_PKEY *pkey, PgtcKey *out);

/*
 * A private key that stays where it is, in hardware: pkey only refers to it.  Taken
 * when a signature of it is one of the public key, PGTC_E_KEY when not, PGTC_E_CRYPTO
 * when it makes none.  out owns pkey from then on; on refusal it is freed.
 */
extern PgtcCode pgtc_key_adopt_hardware(const PgtcAlg *alg, EVP_PKEY *pkey, OSSL_LIB_CTX *libctx,
										const PgtcKey *public_key, PgtcKey *out);

/* its public part, as a key that is held in memory; pkey stays the caller's */
extern PgtcCode pgtc_key_public_of(const PgtcAlg *alg, EVP_PKEY *pkey, PgtcKey *out);

extern void pgtc_key_free(PgtcKey *key);

#endif /* PGT_CORE_KEY_H */
