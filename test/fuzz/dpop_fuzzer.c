/*
 * dpop_fuzzer.c
 *		DPoP proofs and nonces.  An input that starts with "{" is a header and,
 *		after a line feed, a payload, which this file encodes and signs: what
 *		verifies was signed with the key of RFC 8037, whatever the header says.
 */
#include "core/jose/dpop.h"
#include "core/jose/jws.h"
#include "fuzz.h"

/* RFC 8037 appendix A.1, A.3 */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
						  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
						  "-----END PRIVATE KEY-----\n";
static const char thumbprint[] = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

static PgtcCode
check_proof(PgtcSlice text, PgtcDpopProof *proof)
{
	PgtcCode code = pgtc_dpop_read(text, &fuzz_mem, proof);

	if (code != PGTC_OK)
	{
		REQUIRE(proof->jkt[0] == '\0' && proof->jti[0] == '\0' && proof->iat == 0);
		return code;
	}
	REQUIRE(strlen(proof->jkt) == PGTC_THUMBPRINT_LEN);
	REQUIRE(strlen(proof->jti) >= 1 && strlen(proof->jti) <= PGTC_DPOP_JTI_MAX);
	REQUIRE(strlen(proof->htm) >= 1 && strlen(proof->htm) <= 32);
	REQUIRE(strlen(proof->htu) >= 1 && strlen(proof->htu) <= PGTC_DPOP_URL_MAX);
	REQUIRE(strlen(proof->ath) <= PGTC_THUMBPRINT_LEN);
	REQUIRE(strlen(proof->nonce) <= PGTC_DPOP_NONCE_LEN);
	REQUIRE(proof->iat >= 0);
	return code;
}

static void
check_nonce(PgtcSlice nonce)
{
	static const uint8_t key[32] = {1};
	char mine[PGTC_DPOP_NONCE_LEN + 1];
	PgtcCode code = pgtc_dpop_nonce_check(key, nonce, 1000, 0);

	/* with a lifetime of nothing there is one nonce that is good */
	REQUIRE(pgtc_dpop_nonce_write(key, 1000, mine) == PGTC_OK);
	REQUIRE((code == PGTC_OK) == pgtc_slice_equal(nonce, pgtc_slice_str(mine)));
}

static void
check_signed(const uint8_t *data, size_t size, size_t header_len)
{
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str("EdDSA"));
	PgtcDpopProof proof;
	PgtcBuf token;
	PgtcKey key;

	REQUIRE(pgtc_key_import(alg, pgtc_slice_str(pem), &key) == PGTC_OK);
	pgtc_buf_init(&token, &fuzz_mem);
	pgtc_buf_append_b64url(&token, data, header_len);
	pgtc_buf_append_str(&token, ".");
	pgtc_buf_append_b64url(&token, data + header_len + 1, size - header_len - 1);
	REQUIRE(pgtc_jws_sign(&key, &token, 0) == PGTC_OK);
	if (check_proof(pgtc_slice(token.data, token.len), &proof) == PGTC_OK)
		REQUIRE(strcmp(proof.jkt, thumbprint) == 0);
	pgtc_buf_free(&token);
	pgtc_key_free(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	PgtcDpopProof proof;

	check_nonce(fuzz_slice(data, size));
	if (size == 0 || data[0] != '{' || lf == NULL)
		(void) check_proof(fuzz_slice(data, size), &proof);
	else
		check_signed(data, size, (size_t) (lf - data));
	return 0;
}
