/*
 * secret_hash.h
 *		Hashes of client secrets as other servers store them.
 *
 *		"$2" ( "a" / "b" / "y" ) "$" cost "$" 53 characters			bcrypt
 *		"$pbkdf2-" digest "$i=" n ",l=" n "$" salt "$" hash			PBKDF2, as Hydra writes it
 *		"$pbkdf2-" digest "$" n "$" salt "$" hash					as passlib does
 *		"pbkdf2_" digest "$" n "$" salt itself "$" padded hash		and Django
 *		"$argon2" ( "id" / "i" / "d" ) "$v=19$m=" n ",t=" n ",p=" n "$" salt "$" hash
 *
 * Who presents a wrong secret has us compute one, so what would take a second or
 * much memory is refused.
 */
#ifndef PGT_CORE_SECRET_HASH_H
#define PGT_CORE_SECRET_HASH_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_BCRYPT_COST_MAX 13
#define PGTC_BCRYPT_SECRET_MAX 72 /* bytes: it does not see what follows */
#define PGTC_PBKDF2_ITERATIONS_MAX 1500000
#define PGTC_ARGON2_MEMORY_MAX 65536 /* KiB */
#define PGTC_ARGON2_WORK_MAX 262144 /* KiB, times passes */
#define PGTC_ARGON2_LANES_MAX 16

#define PGTC_SECRET_HASH_MAX 255 /* bytes of its text */
#define PGTC_FOREIGN_SECRET_MAX 255 /* bytes of a secret */

#define PGTC_SECRET_HASH_BYTES 64 /* the most of salt and hash each */
#define PGTC_BCRYPT_LEN 60

typedef enum PgtcSecretHashKind
{
	PGTC_HASH_BCRYPT,
	PGTC_HASH_PBKDF2,
	PGTC_HASH_ARGON2
} PgtcSecretHashKind;

typedef struct PgtcSecretHash
{
	PgtcSecretHashKind kind;
	const char *scheme; /* a constant: bcrypt, pbkdf2-sha256, argon2id and so on */
	const char *algorithm; /* what OpenSSL knows the digest or Argon2 by; bcrypt: NULL */
	uint32_t passes; /* iterations; of bcrypt the cost, their logarithm */
	uint32_t memory; /* KiB; Argon2 only, as lanes */
	uint32_t lanes;
	uint8_t salt[PGTC_SECRET_HASH_BYTES];
	size_t salt_len;
	uint8_t hash[PGTC_SECRET_HASH_BYTES];
	size_t hash_len;
	char bcrypt[PGTC_BCRYPT_LEN + 1];
} PgtcSecretHash;

/*
 * PGTC_E_ALG: of no scheme above.  PGTC_E_MALFORMED: of one, but not of its grammar,
 * or with less than 8 bytes of salt or 16 of hash.  PGTC_E_TOO_LONG: above the bounds.
 */
extern PgtcCode pgtc_secret_hash_read(PgtcSlice text, PgtcSecretHash *out);

#endif /* PGT_CORE_SECRET_HASH_H */
