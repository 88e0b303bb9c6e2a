/*
 * secret_hash_fuzzer.c
 *		Hashes of client secrets.  What is read is within the bounds, and what is cheap
 *		enough for it here is computed.
 */
#include "fuzz.h"
#include "core/oauth/secret.h"
#include "core/oauth/secret_hash_verify.h"

static bool
cheap(const PgtcSecretHash *hash)
{
	switch (hash->kind)
	{
		case PGTC_HASH_BCRYPT:
			return hash->passes == 4;
		case PGTC_HASH_PBKDF2:
			return hash->passes < 1000;
		case PGTC_HASH_ARGON2:
			return (uint64_t) hash->passes * hash->memory <= 256;
	}
	abort();
}

static bool
within_bounds(const PgtcSecretHash *hash)
{
	if (hash->passes == 0 || hash->scheme == NULL)
		return false;
	if (hash->kind == PGTC_HASH_BCRYPT)
		return hash->passes <= PGTC_BCRYPT_COST_MAX && strlen(hash->bcrypt) == PGTC_BCRYPT_LEN;
	if (hash->salt_len < 8 || hash->salt_len > PGTC_SECRET_HASH_BYTES || hash->hash_len < 16 ||
		hash->hash_len > PGTC_SECRET_HASH_BYTES)
		return false;
	if (hash->kind == PGTC_HASH_PBKDF2)
		return hash->passes <= PGTC_PBKDF2_ITERATIONS_MAX;
	return hash->memory <= PGTC_ARGON2_MEMORY_MAX && hash->lanes >= 1 &&
		   hash->lanes <= PGTC_ARGON2_LANES_MAX &&
		   (uint64_t) hash->memory * hash->passes <= PGTC_ARGON2_WORK_MAX;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice text = fuzz_slice(data, size);
	PgtcSecretHash hash;
	PgtcCode code;

	(void) pgtc_secret_looks_random(text);
	if (pgtc_secret_hash_read(text, &hash) != PGTC_OK)
		return 0;
	REQUIRE(within_bounds(&hash));
	if (cheap(&hash))
	{
		code = pgtc_secret_hash_verify(&hash, pgtc_slice_str("secret"));
		REQUIRE(code == PGTC_OK || code == PGTC_E_SIGNATURE || code == PGTC_E_ALG);
	}
	return 0;
}
