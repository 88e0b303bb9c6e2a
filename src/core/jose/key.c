/*
 * key.c
 *		Making, importing, storing and ending keys.
 *
 * Whatever the way in, a key passes pgtc_key_adopt, which holds it against the
 * algorithm it is pinned to.  On any refusal *out is empty and nothing leaks.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "core/jose/key.h"
#include "core/base/b64url.h"
#include "core/base/crypto.h"
#include "core/jose/signature.h"

/* bytes of a PEM text; 8192-bit RSA needs under 7000 */
#define IMPORT_MAX 16384

/* bytes of an HMAC secret: beyond the hash's block size a longer one gains nothing */
#define HMAC_KEY_MAX 512

void
pgtc_key_free(PgtcKey *key)
{
	if (key == NULL)
		return;
	EVP_MD_CTX_free(key->signs_text);
	EVP_PKEY_CTX_free(key->signs_digest);
	EVP_MD_free(key->digest);
	EVP_PKEY_free(key->pkey);
	OPENSSL_clear_free(key->secret, key->secret_len);
	memset(key, 0, sizeof(*key));
}

/* RFC 7518 section 3.4: each algorithm has exactly one curve */
static bool
ec_suits(const PgtcAlg *alg, EVP_PKEY *pkey)
{
	char group[32];
	size_t len;

	return EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1 &&
		   strcmp(group, alg->group) == 0;
}

/*
 * RFC 7518 sections 3.3 and 3.5: 2048 bits or more.  The upper bounds on size
 * and exponent are ours: who shows us a key chooses how long we compute with it.
 */
static bool
rsa_suits(EVP_PKEY *pkey)
{
	BIGNUM *n = NULL;
	BIGNUM *e = NULL;
	int bits = EVP_PKEY_get_bits(pkey);
	bool suits = false;

	if (bits < PGTC_RSA_BITS_MIN || bits > PGTC_RSA_BITS_MAX)
		return false;
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1)
	{
		/* an exponent of 1 makes every signature valid */
		suits = BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
	}
	BN_free(n);
	BN_free(e);
	return suits;
}

static PgtcCode
key_suits(const PgtcAlg *alg, EVP_PKEY *pkey)
{
	bool suits = false;

	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			suits = EVP_PKEY_is_a(pkey, "EC") && ec_suits(alg, pkey);
			break;
		case PGTC_KTY_RSA:
			suits = EVP_PKEY_is_a(pkey, "RSA") && rsa_suits(pkey);
			break;
		case PGTC_KTY_OKP:
			suits = EVP_PKEY_is_a(pkey, alg->group);
			break;
		case PGTC_KTY_OCT:
			break;
	}
	return suits ? PGTC_OK : PGTC_E_KEY;
}

/*
 * The point lies on the curve and is not its neutral element.  OpenSSL's check
 * of an RSA modulus takes as long as hundreds of verifications, and throws dice
 * over every odd number that is no product of two primes; the same key must
 * always get the same answer, so rsa_suits has all the rules for one.
 */
static bool
public_valid(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx;
	bool valid;

	if (EVP_PKEY_is_a(pkey, "RSA"))
		return true;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	valid = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return valid;
}

PgtcCode
pgtc_key_adopt(const PgtcAlg *alg, EVP_PKEY *pkey, bool is_private, PgtcKey *out)
{
	PgtcCode code = key_suits(alg, pkey);

	if (code == PGTC_OK && !is_private && !public_valid(pkey))
		code = PGTC_E_KEY;
	ERR_clear_error();
	memset(out, 0, sizeof(*out));
	if (code != PGTC_OK)
	{
		EVP_PKEY_free(pkey);
		return code;
	}
	out->alg = alg;
	out->pkey = pkey;
	out->is_private = is_private;
	code = pgtc_signature_make_ready(out);
	if (code != PGTC_OK)
		pgtc_key_free(out);
	return code;
}

PgtcCode
pgtc_key_public_of(const PgtcAlg *alg, EVP_PKEY *pkey, PgtcKey *out)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	EVP_PKEY *own = NULL;
	int len;

	memset(out, 0, sizeof(*out));
	ERR_clear_error();
	len = i2d_PUBKEY(pkey, &der);
	at = der;
	if (len > 0)
		own = d2i_PUBKEY(NULL, &at, len);
	OPENSSL_free(der);
	ERR_clear_error();
	if (own == NULL)
		return PGTC_E_KEY;
	return pgtc_key_adopt(alg, own, false, out);
}

/* where two objects of a token have one name, or somebody has put another key there */
static PgtcCode
signs_as(const PgtcKey *key, const PgtcKey *public_key)
{
	static const char text[] = "pgtoken: is this the key?";
	uint8_t signature[PGTC_SIGNATURE_MAX];
	size_t len = sizeof(signature);
	PgtcCode code = pgtc_signature_make(key, pgtc_slice_str(text), signature, &len);

	if (code != PGTC_OK)
		return code;
	code = pgtc_signature_verify(public_key, pgtc_slice_str(text), signature, len);
	return code == PGTC_E_SIGNATURE ? PGTC_E_KEY : code;
}

PgtcCode
pgtc_key_adopt_hardware(const PgtcAlg *alg, EVP_PKEY *pkey, OSSL_LIB_CTX *libctx,
						const PgtcKey *public_key, PgtcKey *out)
{
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	out->alg = alg;
	out->pkey = pkey;
	out->is_private = true;
	out->libctx = libctx;
	code = pgtc_signature_make_ready(out);
	if (code == PGTC_OK)
		code = signs_as(out, public_key);
	if (code != PGTC_OK)
		pgtc_key_free(out);
	return code;
}

static PgtcCode
secret_adopt(const PgtcAlg *alg, const uint8_t *secret, size_t len, PgtcKey *out)
{
	/* RFC 7518 section 3.2: a key of the same size as the hash output or larger */
	if (len < PGTC_HMAC_KEY_MIN || len > HMAC_KEY_MAX)
		return PGTC_E_KEY;
	out->secret = OPENSSL_memdup(secret, len);
	ERR_clear_error();
	if (out->secret == NULL)
		return PGTC_E_NOMEM;
	out->secret_len = len;
	out->alg = alg;
	out->is_private = true;
	return PGTC_OK;
}

PgtcCode
pgtc_key_generate(const PgtcAlg *alg, PgtcKey *out)
{
	EVP_PKEY *pkey = NULL;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	ERR_clear_error();
	switch (alg->kty)
	{
		case PGTC_KTY_EC:
			pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->group);
			break;
		case PGTC_KTY_RSA:
			pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) PGTC_RSA_BITS_NEW);
			break;
		case PGTC_KTY_OKP:
			pkey = EVP_PKEY_Q_keygen(NULL, NULL, alg->group);
			break;
		case PGTC_KTY_OCT:
		{
			uint8_t secret[PGTC_HMAC_KEY_MIN];

			code = PGTC_E_CRYPTO;
			if (RAND_priv_bytes(secret, sizeof(secret)) == 1)
				code = secret_adopt(alg, secret, sizeof(secret), out);
			pgtc_crypto_wipe(secret, sizeof(secret));
			ERR_clear_error();
			return code;
		}
	}
	if (pkey == NULL)
	{
		ERR_clear_error();
		return PGTC_E_CRYPTO;
	}
	return pgtc_key_adopt(alg, pkey, true, out);
}

static PgtcCode
import_secret(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out)
{
	uint8_t secret[HMAC_KEY_MAX];
	size_t len = 0;
	PgtcCode code = pgtc_b64url_decode(text, secret, sizeof(secret), &len);

	if (code == PGTC_OK)
		code = secret_adopt(alg, secret, len, out);
	else if (code == PGTC_E_TOO_LONG)
		code = PGTC_E_KEY;
	pgtc_crypto_wipe(secret, sizeof(secret));
	return code;
}

static bool
pair_matches(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx;
	bool matches = false;

	ERR_clear_error();
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (ctx != NULL)
		matches = EVP_PKEY_pairwise_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return matches;
}

/* a public half that does not belong to the private one signs for nobody, and gives the key away */
PgtcCode
pgtc_key_adopt_pair(const PgtcAlg *alg, EVP_PKEY *pkey, PgtcKey *out)
{
	PgtcCode code = pgtc_key_adopt(alg, pkey, true, out);

	if (code == PGTC_OK && !pair_matches(out->pkey))
	{
		pgtc_key_free(out);
		code = PGTC_E_KEY;
	}
	return code;
}

static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void) buf;
	(void) size;
	(void) rwflag;
	(void) arg;
	return -1;
}

PgtcCode
pgtc_key_import(const PgtcAlg *alg, PgtcSlice text, PgtcKey *out)
{
	EVP_PKEY *pkey = NULL;
	BIO *bio;

	memset(out, 0, sizeof(*out));
	if (text.len == 0)
		return PGTC_E_MALFORMED;
	if (text.len > IMPORT_MAX)
		return PGTC_E_TOO_LONG;
	if (alg->kty == PGTC_KTY_OCT)
		return import_secret(alg, text, out);

	ERR_clear_error();
	bio = BIO_new_mem_buf(text.data, (int) text.len);
	if (bio != NULL)
	{
		/* without a callback OpenSSL would ask the terminal for a passphrase */
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	if (pkey == NULL)
		return PGTC_E_MALFORMED;

	return pgtc_key_adopt_pair(alg, pkey, out);
}

PgtcCode
pgtc_key_of_secret(PgtcSlice secret, PgtcKey *out)
{
	memset(out, 0, sizeof(*out));
	return secret_adopt(pgtc_alg_by_name(pgtc_slice_str("HS256")), (const uint8_t *) secret.data,
						secret.len, out);
}

PgtcCode
pgtc_key_write_private(const PgtcKey *key, PgtcBuf *out)
{
	PKCS8_PRIV_KEY_INFO *info;
	unsigned char *der = NULL;
	int len = 0;

	if (!key->is_private)
		return PGTC_E_KEY;
	if (key->alg->kty == PGTC_KTY_OCT)
	{
		pgtc_buf_append(out, key->secret, key->secret_len);
		return pgtc_buf_code(out);
	}

	/* RFC 5208; PKCS8_PRIV_KEY_INFO_free wipes the octets it holds */
	ERR_clear_error();
	info = EVP_PKEY2PKCS8(key->pkey);
	if (info != NULL)
	{
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
		PKCS8_PRIV_KEY_INFO_free(info);
	}
	ERR_clear_error();
	if (len <= 0)
		return PGTC_E_CRYPTO;
	pgtc_buf_append(out, der, (size_t) len);
	OPENSSL_clear_free(der, (size_t) len);
	return pgtc_buf_code(out);
}

static int
openssl_type(PgtcKeyType kty)
{
	switch (kty)
	{
		case PGTC_KTY_EC:
			return EVP_PKEY_EC;
		case PGTC_KTY_RSA:
			return EVP_PKEY_RSA;
		case PGTC_KTY_OKP:
			return EVP_PKEY_ED25519;
		case PGTC_KTY_OCT:
			break;
	}
	return EVP_PKEY_NONE;
}

PgtcCode
pgtc_key_read_private(const PgtcAlg *alg, const uint8_t *data, size_t len, PgtcKey *out)
{
	EVP_PKEY *pkey;
	const unsigned char *at = data;

	memset(out, 0, sizeof(*out));
	if (len == 0)
		return PGTC_E_MALFORMED;
	if (len > IMPORT_MAX)
		return PGTC_E_TOO_LONG;
	if (alg->kty == PGTC_KTY_OCT)
		return secret_adopt(alg, data, len, out);

	/* told which kind of key it is, OpenSSL sets up a decoder for no other: half the time */
	ERR_clear_error();
	pkey = d2i_PrivateKey(openssl_type(alg->kty), NULL, &at, (long) len);
	ERR_clear_error();
	if (pkey == NULL || at != data + len)
	{
		EVP_PKEY_free(pkey);
		return PGTC_E_MALFORMED;
	}
	return pgtc_key_adopt(alg, pkey, true, out);
}
