/*
 * leaf_fuzzer.c
 *		What a row keeps for its leaf: read and written again it is the same.
 */
#include "fuzz.h"
#include "core/base/leaf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcLeafProof proof;
	uint8_t again[PGTC_LEAF_PROOF_MAX];

	if (pgtc_leaf_proof_read(fuzz_slice(data, size), &proof) != PGTC_OK)
		return 0;
	if (!proof.gone[PGTC_LEAF_PERSON] && !proof.gone[PGTC_LEAF_PLACE])
		REQUIRE(size == PGTC_LEAF_FRESH_LEN);
	else
		REQUIRE(pgtc_leaf_proof_write(&proof, again) == size && memcmp(again, data, size) == 0);
	return 0;
}
