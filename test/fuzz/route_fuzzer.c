/*
 * route_fuzzer.c
 *		Where a text leads to: the shard is that of the id, in range, and more shards
 *		move it only by as many.
 */
#include "fuzz.h"
#include "core/base/placement.h"
#include "core/oauth/route.h"
#include "core/oauth/user_code.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	char code[PGTC_USER_CODE_LEN + 1];
	uint8_t id[PGTC_UUID_LEN];
	uint8_t again[PGTC_UUID_LEN];
	char text[PGTC_UUID_TEXT_LEN + 1];
	bool has_id = pgtc_route_grant_id(in, &fuzz_mem, id) == PGTC_OK;
	bool is_code = pgtc_user_code_read(in, code) == PGTC_OK;
	uint32_t shard = 99;
	uint32_t number;
	uint32_t doubled;
	uint32_t of_id;

	REQUIRE(!(has_id && is_code));
	if (pgtc_route_shard(in, &fuzz_mem, 12, &shard) != PGTC_OK)
	{
		REQUIRE(!has_id && !is_code && shard == 0);
		return 0;
	}
	REQUIRE(has_id || is_code);
	REQUIRE(shard < 12);
	REQUIRE(pgtc_route_number(in, &fuzz_mem, &number) == PGTC_OK && number % 12 == shard);
	REQUIRE(pgtc_route_shard(in, &fuzz_mem, 24, &doubled) == PGTC_OK);
	REQUIRE(doubled == shard || doubled == shard + 12);
	if (is_code)
		return 0;
	REQUIRE(pgtc_placement_shard(id, 12, &of_id) == PGTC_OK && of_id == shard);
	pgtc_uuid_text(id, text);
	REQUIRE(pgtc_route_grant_id(pgtc_slice_str(text), &fuzz_mem, again) == PGTC_OK);
	REQUIRE(memcmp(id, again, sizeof(id)) == 0);
	return 0;
}
