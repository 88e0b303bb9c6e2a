/*
 * test_leaf.c
 *		Trees of hashes, and rows of the audit as leaves.
 */
#include "unit.h"
#include "core/base/leaf.h"
#include "core/base/merkle.h"

#define LEAVES 8

static void
hex_of(const uint8_t *data, char out[2 * PGTC_SHA256_LEN + 1])
{
	for (int i = 0; i < PGTC_SHA256_LEN; i++)
		sprintf(out + 2 * i, "%02x", data[i]);
}

/* the vectors of RFC 6962's reference implementation */
static void
make_leaves(uint8_t leaves[LEAVES][PGTC_SHA256_LEN])
{
	static const struct
	{
		const char *data;
		size_t len;
	} input[LEAVES] = {{"", 0},
					   {"\x00", 1},
					   {"\x10", 1},
					   {"\x20\x21", 2},
					   {"\x30\x31", 2},
					   {"\x40\x41\x42\x43", 4},
					   {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
					   {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};

	for (int i = 0; i < LEAVES; i++)
	{
		uint8_t data[17] = {0};

		memcpy(data + 1, input[i].data, input[i].len);
		CHECK(pgtc_crypto_sha256(data, input[i].len + 1, leaves[i]) == PGTC_OK);
	}
}

static void
trees(void)
{
	static const char *const roots[LEAVES + 1] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	uint8_t leaves[LEAVES][PGTC_SHA256_LEN];
	uint8_t root[PGTC_SHA256_LEN];
	char hex[2 * PGTC_SHA256_LEN + 1];
	PgtcMerkle tree = {0};

	make_leaves(leaves);
	for (int n = 0; n <= LEAVES; n++)
	{
		CHECK(pgtc_merkle_root(&tree, root) == PGTC_OK);
		hex_of(root, hex);
		CHECK(strcmp(hex, roots[n]) == 0);
		if (n < LEAVES)
			CHECK(pgtc_merkle_add(&tree, leaves[n]) == PGTC_OK);
	}
}

/* pieces of four leaves, and a tree of their roots, are the tree of all */
static void
pieces(void)
{
	uint8_t leaves[LEAVES][PGTC_SHA256_LEN];
	PgtcMerkle whole = {0};
	PgtcMerkle of_roots = {0};
	uint8_t root[PGTC_SHA256_LEN];
	uint8_t piece_root[PGTC_SHA256_LEN];

	make_leaves(leaves);
	for (int i = 0; i < 7; i++)
		CHECK(pgtc_merkle_add(&whole, leaves[i]) == PGTC_OK);
	for (int begin = 0; begin < 7; begin += 4)
	{
		PgtcMerkle piece = {0};

		for (int i = begin; i < begin + 4 && i < 7; i++)
			CHECK(pgtc_merkle_add(&piece, leaves[i]) == PGTC_OK);
		CHECK(pgtc_merkle_root(&piece, piece_root) == PGTC_OK);
		CHECK(pgtc_merkle_add(&of_roots, piece_root) == PGTC_OK);
	}
	CHECK(pgtc_merkle_root(&whole, root) == PGTC_OK);
	CHECK(pgtc_merkle_root(&of_roots, piece_root) == PGTC_OK);
	CHECK(memcmp(root, piece_root, PGTC_SHA256_LEN) == 0);
}

/* RFC 9162 section 2.1.3.2 */
static bool
proves(const uint8_t leaf[PGTC_SHA256_LEN], uint64_t index, uint64_t leaves,
	   const uint8_t (*path)[PGTC_SHA256_LEN], int n, const uint8_t root[PGTC_SHA256_LEN])
{
	uint64_t at = index;
	uint64_t last = leaves - 1;
	uint8_t hash[PGTC_SHA256_LEN];

	memcpy(hash, leaf, PGTC_SHA256_LEN);
	for (int i = 0; i < n; i++)
	{
		uint8_t node[1 + 2 * PGTC_SHA256_LEN] = {0x01};
		bool is_right = (at & 1) || at == last;

		if (last == 0)
			return false;
		memcpy(node + 1, is_right ? path[i] : hash, PGTC_SHA256_LEN);
		memcpy(node + 1 + PGTC_SHA256_LEN, is_right ? hash : path[i], PGTC_SHA256_LEN);
		CHECK(pgtc_crypto_sha256(node, sizeof(node), hash) == PGTC_OK);
		while (is_right && (at & 1) == 0 && at != 0)
		{
			at >>= 1;
			last >>= 1;
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(hash, root, PGTC_SHA256_LEN) == 0;
}

static void
paths(void)
{
	uint8_t leaves[LEAVES][PGTC_SHA256_LEN];
	uint8_t path[PGTC_MERKLE_LEVELS][PGTC_SHA256_LEN];
	uint8_t root[PGTC_SHA256_LEN];
	int n;

	make_leaves(leaves);
	for (int size = 1; size <= LEAVES; size++)
	{
		PgtcMerkle tree = {0};

		for (int i = 0; i < size; i++)
			CHECK(pgtc_merkle_add(&tree, leaves[i]) == PGTC_OK);
		CHECK(pgtc_merkle_root(&tree, root) == PGTC_OK);
		for (int i = 0; i < size; i++)
		{
			CHECK(pgtc_merkle_path((const uint8_t(*)[PGTC_SHA256_LEN]) leaves, size, i, path, &n) ==
				  PGTC_OK);
			CHECK(proves(leaves[i], i, size, (const uint8_t(*)[PGTC_SHA256_LEN]) path, n, root));
			CHECK(!proves(leaves[(i + 1) % LEAVES], i, size,
						  (const uint8_t(*)[PGTC_SHA256_LEN]) path, n, root));
		}
	}
}

static void
leaf_of(const PgtcLeafProof *proof, const char *person, const char *place,
		uint8_t out[PGTC_SHA256_LEN])
{
	uint8_t commitments[PGTC_LEAF_PARTS][PGTC_SHA256_LEN];

	CHECK(pgtc_leaf_commitment(proof, PGTC_LEAF_PERSON, pgtc_slice_str(person), &unit_mem,
							   commitments[PGTC_LEAF_PERSON]) == PGTC_OK);
	CHECK(pgtc_leaf_commitment(proof, PGTC_LEAF_PLACE, pgtc_slice_str(place), &unit_mem,
							   commitments[PGTC_LEAF_PLACE]) == PGTC_OK);
	CHECK(pgtc_leaf_hash(pgtc_slice_str("columns"), (const uint8_t(*)[PGTC_SHA256_LEN]) commitments,
						 &unit_mem, out) == PGTC_OK);
}

/* whatever is taken, in whatever order, the leaf stays, and what was taken is in no byte */
static void
redaction(void)
{
	uint8_t fresh[PGTC_LEAF_FRESH_LEN];
	uint8_t bytes[PGTC_LEAF_PROOF_MAX];
	uint8_t leaf[PGTC_SHA256_LEN];
	uint8_t other[PGTC_SHA256_LEN];
	PgtcLeafProof proof;
	PgtcLeafProof again;

	for (size_t i = 0; i < sizeof(fresh); i++)
		fresh[i] = (uint8_t) (i + 1);
	CHECK(pgtc_leaf_proof_read(pgtc_slice((char *) fresh, sizeof(fresh)), &proof) == PGTC_OK);
	CHECK(memcmp(proof.cluster, fresh, PGTC_LEAF_CLUSTER_LEN) == 0);
	CHECK(memcmp(proof.kept[0], proof.kept[1], PGTC_LEAF_SALT_LEN) != 0);
	leaf_of(&proof, "5:alice,-,", "-,2:{},", leaf);
	leaf_of(&proof, "3:bob,-,", "-,2:{},", other);
	CHECK(memcmp(leaf, other, sizeof(leaf)) != 0);
	for (int first = 0; first < PGTC_LEAF_PARTS; first++)
	{
		PgtcLeafProof redacted = proof;

		for (int i = 0; i < PGTC_LEAF_PARTS; i++)
		{
			int part = i == 0 ? first : 1 - first;
			const char *columns = part == PGTC_LEAF_PERSON ? "5:alice,-," : "-,2:{},";
			uint8_t commitment[PGTC_SHA256_LEN];
			size_t len;

			CHECK(pgtc_leaf_commitment(&redacted, part, pgtc_slice_str(columns), &unit_mem,
									   commitment) == PGTC_OK);
			memcpy(redacted.kept[part], commitment, sizeof(commitment));
			redacted.gone[part] = true;
			memset(redacted.event, 7, sizeof(redacted.event));
			len = pgtc_leaf_proof_write(&redacted, bytes);
			CHECK(len == (i == 0 ? 69 : 85));
			CHECK(pgtc_leaf_proof_read(pgtc_slice((char *) bytes, len), &again) == PGTC_OK);
			CHECK(again.gone[0] == redacted.gone[0] && again.gone[1] == redacted.gone[1]);
			CHECK(memcmp(again.event, redacted.event, sizeof(again.event)) == 0);
			CHECK(memmem(bytes, len, proof.kept[part], PGTC_LEAF_SALT_LEN) == NULL);
			CHECK(memmem(bytes, len, fresh + PGTC_LEAF_CLUSTER_LEN, PGTC_LEAF_SALT_LEN) == NULL);
			/* the columns that are gone are not looked at, the others are */
			leaf_of(&again, again.gone[0] ? "-,-," : "5:alice,-,",
					again.gone[1] ? "-,-," : "-,2:{},", other);
			CHECK(memcmp(leaf, other, sizeof(leaf)) == 0);
		}
	}
}

static void
malformed(void)
{
	uint8_t bytes[PGTC_LEAF_PROOF_MAX + 1] = {0};
	PgtcLeafProof proof;

	for (int first = 0; first < 256; first++)
	{
		for (size_t len = 0; len <= sizeof(bytes); len++)
		{
			bool is_one =
				len == 20 || (first == 3 && len == 85) || ((first == 1 || first == 2) && len == 69);

			bytes[0] = (uint8_t) first;
			CHECK((pgtc_leaf_proof_read(pgtc_slice((char *) bytes, len), &proof) == PGTC_OK) ==
				  is_one);
		}
	}
}

static void
fields(void)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &unit_mem);
	pgtc_leaf_field(&buf, pgtc_slice_str("abc"));
	pgtc_leaf_field(&buf, pgtc_slice_str(""));
	pgtc_leaf_field(&buf, pgtc_slice(NULL, 0));
	pgtc_leaf_field(&buf, pgtc_slice_str("-,"));
	CHECK(strcmp(buf.data, "3:abc,0:,-,2:-,,") == 0);
	pgtc_buf_free(&buf);
}

void
test_leaf(void)
{
	trees();
	pieces();
	paths();
	redaction();
	malformed();
	fields();
}
