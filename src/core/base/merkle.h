/*
 * merkle.h
 *		The hash of a Merkle tree (RFC 9162 section 2.1), leaf after leaf.
 *
 * Of 2^n leaves that are taken together first, and then of the hashes that come of
 * them, it is the same as of all leaves at once: a tree can be computed in pieces.
 */
#ifndef PGT_CORE_MERKLE_H
#define PGT_CORE_MERKLE_H

#include "core/base/crypto.h"

#define PGTC_MERKLE_LEVELS 64

/* plain memory; all zeros: no leaf so far */
typedef struct PgtcMerkle
{
	uint64_t leaves;
	uint8_t level[PGTC_MERKLE_LEVELS][PGTC_SHA256_LEN]; /* of each bit that leaves has */
} PgtcMerkle;

/* the next leaf's hash, which is not hashed again; PGTC_E_CRYPTO when OpenSSL refuses */
extern PgtcCode pgtc_merkle_add(PgtcMerkle *tree, const uint8_t leaf[PGTC_SHA256_LEN]);

/* the hash of all that were added, of none that of the empty string; the tree stays as it is */
extern PgtcCode pgtc_merkle_root(const PgtcMerkle *tree, uint8_t out[PGTC_SHA256_LEN]);

/*
 * What proves that this leaf is among them (RFC 9162 section 2.1.3.1), from the bottom:
 * into path, PGTC_MERKLE_LEVELS of them at the most; index < leaves.
 */
extern PgtcCode pgtc_merkle_path(const uint8_t (*leaf)[PGTC_SHA256_LEN], uint64_t leaves,
								 uint64_t index, uint8_t (*path)[PGTC_SHA256_LEN], int *n);

#endif /* PGT_CORE_MERKLE_H */
