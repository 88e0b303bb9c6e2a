/*
 * placement.c
 *		Where what belongs together lies, when there are several shards.
 */
#include "core/base/placement.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"

#define VERSION_7 0x70
#define VARIANT_AND_MARK 0xaa /* 10 | 101010 */
#define RANDOM_BITS 2 /* below the placement in byte 10 */

PgtcCode
pgtc_placement_of(PgtcSlice subject, uint32_t *out)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_sha256(subject.data, subject.len, hash);

	*out = code == PGTC_OK ? (uint32_t) pgtc_bytes_get(hash, 2) >> RANDOM_BITS : 0;
	return code;
}

/* the bits below it stay */
static void
put_placement(uint32_t placement, uint8_t id[PGTC_UUID_LEN])
{
	id[8] = VARIANT_AND_MARK;
	pgtc_bytes_put(id + 9, 2, placement << RANDOM_BITS | (id[10] & ((1U << RANDOM_BITS) - 1)));
}

void
pgtc_placement_uuid(uint64_t unix_us, const uint8_t random[8], uint32_t placement,
					uint8_t out[PGTC_UUID_LEN])
{
	pgtc_uuid_make(unix_us, random, out);
	put_placement(placement, out);
}

PgtcCode
pgtc_placement_moved(const uint8_t id[PGTC_UUID_LEN], uint32_t placement,
					 uint8_t out[PGTC_UUID_LEN])
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_sha256(id, PGTC_UUID_LEN, hash);

	memset(out, 0, PGTC_UUID_LEN);
	if (code != PGTC_OK)
		return code;
	memcpy(out, id, 8);
	memcpy(out + 8, hash, 8);
	put_placement(placement, out);
	return PGTC_OK;
}

PgtcCode
pgtc_placement_number(const uint8_t id[PGTC_UUID_LEN], uint32_t *out)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code;

	*out = 0;
	if ((id[6] & 0xf0) == VERSION_7 && id[8] == VARIANT_AND_MARK)
	{
		*out = (uint32_t) pgtc_bytes_get(id + 9, 2) >> RANDOM_BITS;
		return PGTC_OK;
	}
	code = pgtc_crypto_sha256(id, PGTC_UUID_LEN, hash);
	if (code == PGTC_OK)
		*out = (uint32_t) pgtc_bytes_get(hash, 4);
	return code;
}

PgtcCode
pgtc_placement_shard(const uint8_t id[PGTC_UUID_LEN], uint32_t shards, uint32_t *out)
{
	PgtcCode code = pgtc_placement_number(id, out);

	*out %= shards;
	return code;
}
