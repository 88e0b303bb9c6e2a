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

static PgtcCode
root_of(const uint8_t (*leaf)[PGTC_SHA256_LEN], uint64_t leaves, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcMerkle tree = {0};

	for (uint64_t i = 0; i < leaves; i++)
	{
		PgtcCode code = pgtc_merkle_add(&tree, leaf[i]);

		if (code != PGTC_OK)
			return code;
	}
	return pgtc_merkle_root(&tree, out);
}

/* from the top, where the larger half is full, into the end of the path */
PgtcCode
pgtc_merkle_path(const uint8_t (*leaf)[PGTC_SHA256_LEN], uint64_t leaves, uint64_t index,
				 uint8_t (*path)[PGTC_SHA256_LEN], int *n)
{
	int left = PGTC_MERKLE_LEVELS;

	while (leaves > 1)
	{
		uint64_t half = 1;
		bool is_right;
		PgtcCode code;

		while (half < leaves - half)
			half *= 2;
		is_right = index >= half;
		code = is_right ? root_of(leaf, half, path[--left])
						: root_of(leaf + half, leaves - half, path[--left]);
		if (code != PGTC_OK)
			return code;
		leaf += is_right ? half : 0;
		index -= is_right ? half : 0;
		leaves = is_right ? leaves - half : half;
	}
	*n = PGTC_MERKLE_LEVELS - left;
	memmove(path, path + left, (size_t) *n * PGTC_SHA256_LEN);
	return PGTC_OK;
}
