/*
 * secret_hash_verify.c
 *		Is it the hash of this secret?  PBKDF2 and Argon2 are OpenSSL's (Argon2 from
 *		3.2 on), bcrypt is libcrypt's.
 */
#include <crypt.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/oauth/secret_hash_verify.h"
#include "core/base/crypto.h"
#include "core/base/text.h"

#define BCRYPT_SETTING_LEN 29 /* "$2b$10$" and the salt */

/* a libcrypt without bcrypt answers NULL or what begins with "*" */
static PgtcCode
verify_bcrypt(const PgtcSecretHash *hash, PgtcSlice secret)
{
	struct crypt_data data;
	char phrase[PGTC_BCRYPT_SECRET_MAX + 1];
	const char *made;
	PgtcCode code = PGTC_E_ALG;

	if (secret.len > PGTC_BCRYPT_SECRET_MAX)
		return PGTC_E_SIGNATURE;
	memcpy(phrase, secret.data, secret.len);
	phrase[secret.len] = '\0';
	memset(&data, 0, sizeof(data));
	made = crypt_r(phrase, hash->bcrypt, &data);
	/* the last character of a salt can be spelt in several ways, of which the answer has one */
	if (made && strlen(made) == PGTC_BCRYPT_LEN)
		code = pgtc_crypto_equal(made + BCRYPT_SETTING_LEN, hash->bcrypt + BCRYPT_SETTING_LEN,
								 PGTC_BCRYPT_LEN - BCRYPT_SETTING_LEN)
				   ? PGTC_OK
				   : PGTC_E_SIGNATURE;
	pgtc_crypto_wipe(&data, sizeof(data));
	pgtc_crypto_wipe(phrase, sizeof(phrase));
	return code;
}

/* the parameters of Argon2 by name: the headers of OpenSSL before 3.2 have no macros for them */
static PgtcCode
derive(const PgtcSecretHash *hash, PgtcSlice secret, EVP_KDF *kdf, uint8_t *out)
{
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	uint32_t passes = hash->passes;
	uint32_t memory = hash->memory;
	uint32_t lanes = hash->lanes;
	OSSL_PARAM params[6];
	OSSL_PARAM *at = params;
	bool done;

	*at++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *) (uintptr_t) hash->salt,
											  hash->salt_len);
	*at++ = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &passes);
	*at++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
											  (void *) (uintptr_t) secret.data, secret.len);
	if (hash->kind == PGTC_HASH_PBKDF2)
		*at++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
												 (char *) (uintptr_t) hash->algorithm, 0);
	else
	{
		*at++ = OSSL_PARAM_construct_uint32("memcost", &memory);
		*at++ = OSSL_PARAM_construct_uint32("lanes", &lanes);
	}
	*at = OSSL_PARAM_construct_end();
	done = ctx && EVP_KDF_derive(ctx, out, hash->hash_len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	return done ? PGTC_OK : PGTC_E_CRYPTO;
}

static PgtcCode
verify_kdf(const PgtcSecretHash *hash, PgtcSlice secret)
{
	uint8_t made[PGTC_SECRET_HASH_BYTES];
	EVP_KDF *kdf;
	PgtcCode code;

	ERR_clear_error();
	kdf = EVP_KDF_fetch(NULL, hash->kind == PGTC_HASH_PBKDF2 ? "PBKDF2" : hash->algorithm, NULL);
	if (kdf == NULL)
	{
		ERR_clear_error();
		return PGTC_E_ALG;
	}
	code = derive(hash, secret, kdf, made);
	if (code == PGTC_OK && !pgtc_crypto_equal(made, hash->hash, hash->hash_len))
		code = PGTC_E_SIGNATURE;
	pgtc_crypto_wipe(made, sizeof(made));
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_secret_hash_verify(const PgtcSecretHash *hash, PgtcSlice secret)
{
	if (secret.len == 0 || secret.len > PGTC_FOREIGN_SECRET_MAX || !pgtc_text_printable(secret))
		return PGTC_E_SIGNATURE;
	return hash->kind == PGTC_HASH_BCRYPT ? verify_bcrypt(hash, secret) : verify_kdf(hash, secret);
}
