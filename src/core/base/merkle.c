/*
 * merkle.c
 *		The hash of a Merkle tree, leaf after leaf.
 */
#include "core/base/merkle.h"

/* 0x01 tells a node from a leaf, so that none can be taken for the other */
static PgtcCode
join(const uint8_t left[PGTC_SHA256_LEN], const uint8_t right[PGTC_SHA256_LEN],
	 uint8_t out[PGTC_SHA256_LEN])
{
	uint8_t node[1 + 2 * PGTC_SHA256_LEN] = {0x01};

	memcpy(node + 1, left, PGTC_SHA256_LEN);
	memcpy(node + 1 + PGTC_SHA256_LEN, right, PGTC_SHA256_LEN);
	return pgtc_crypto_sha256(node, sizeof(node), out);
}

PgtcCode
pgtc_merkle_add(PgtcMerkle *tree, const uint8_t leaf[PGTC_SHA256_LEN])
{
	uint8_t hash[PGTC_SHA256_LEN];
	int level = 0;

	memcpy(hash, leaf, PGTC_SHA256_LEN);
	for (; tree->leaves >> level & 1; level++)
	{
		PgtcCode code = join(tree->level[level], hash, hash);

		if (code != PGTC_OK)
			return code;
	}
	memcpy(tree->level[level], hash, PGTC_SHA256_LEN);
	tree->leaves++;
	return PGTC_OK;
}

PgtcCode
pgtc_merkle_root(const PgtcMerkle *tree, uint8_t out[PGTC_SHA256_LEN])
{
	bool begun = false;

	if (tree->leaves == 0)
		return pgtc_crypto_sha256("", 0, out);
	for (int level = 0; level < PGTC_MERKLE_LEVELS; level++)
	{
		PgtcCode code;

		if ((tree->leaves >> level & 1) == 0)
			continue;
		if (!begun)
		{
			memcpy(out, tree->level[level], PGTC_SHA256_LEN);
			begun = true;
			continue;
		}
		code = join(tree->level[level], out, out);
		if (code != PGTC_OK)
			return code;
	}
	return PGTC_OK;
}
