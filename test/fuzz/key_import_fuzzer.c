/*
 * key_import_fuzzer.c
 *		Imported and stored private keys: what gets in signs what verifies, and
 *		comes back from its stored form.  The first byte chooses the algorithm.
 */
#include "fuzz.h"
#include "core/jose/jws.h"
#include "core/jose/key_import.h"

static void
check_key(const PgtcKey *key)
{
	PgtcBuf stored;
	PgtcBuf token;
	PgtcKey again;
	PgtcJws jws;

	REQUIRE(key->is_private);
	pgtc_buf_init(&stored, &fuzz_mem);
	REQUIRE(pgtc_key_write_private(key, &stored) == PGTC_OK);
	REQUIRE(pgtc_key_read_private(key->alg, (const uint8_t *) stored.data, stored.len, &again) ==
			PGTC_OK);
	pgtc_buf_init(&token, &fuzz_mem);
	/* {"alg":"HS256"}.{}, since libjwt reads the header and the others do not */
	pgtc_buf_append_str(&token, "eyJhbGciOiJIUzI1NiJ9.e30");
	REQUIRE(pgtc_jws_sign(&again, &token, 0) == PGTC_OK);
	REQUIRE(pgtc_jws_split(pgtc_slice(token.data, token.len), &jws) == PGTC_OK);
	REQUIRE(pgtc_jws_verify(&jws, key->alg, key, &fuzz_mem) == PGTC_OK);
	pgtc_key_free(&again);
	pgtc_buf_free(&stored);
	pgtc_buf_free(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const PgtcAlg *alg;
	PgtcKey key;

	if (size == 0)
		return 0;
	alg = pgtc_alg_nth(data[0] % 7);
	REQUIRE(alg != NULL);

	if (pgtc_key_import(alg, fuzz_slice(data + 1, size - 1), &key) == PGTC_OK)
	{
		check_key(&key);
		pgtc_key_free(&key);
	}
	/* of other servers: a JWK, which may be a public one, and a PKCS #12 file */
	if (pgtc_key_import_jwk(alg, fuzz_slice(data + 1, size - 1), &key) == PGTC_OK)
	{
		if (key.is_private)
			check_key(&key);
		pgtc_key_free(&key);
	}
	if (pgtc_key_import_pkcs12(alg, fuzz_slice(data + 1, size - 1), "secret", &fuzz_mem, &key) ==
		PGTC_OK)
	{
		check_key(&key);
		pgtc_key_free(&key);
	}
	/* stored forms come from the database, where nobody checks the key pair again */
	if (pgtc_key_read_private(alg, data + 1, size - 1, &key) == PGTC_OK)
		pgtc_key_free(&key);
	return 0;
}
