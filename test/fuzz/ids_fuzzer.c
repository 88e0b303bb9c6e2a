/*
 * ids_fuzzer.c
 *		UUIDs and token identifiers.
 */
#include "fuzz.h"
#include "core/oauth/jti.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	uint8_t id[PGTC_UUID_LEN];
	uint8_t again[PGTC_UUID_LEN];
	char text[PGTC_UUID_TEXT_LEN + 1];
	PgtcJti parsed;
	char jti[PGTC_JTI_LEN + 1];
	size_t i;

	if (pgtc_uuid_parse(in, id) == PGTC_OK)
	{
		pgtc_uuid_text(id, text);
		REQUIRE(size == PGTC_UUID_TEXT_LEN);
		for (i = 0; i < size; i++)
			REQUIRE(text[i] == (char) data[i] || (data[i] | 0x20) == text[i]);
		REQUIRE(pgtc_uuid_parse(pgtc_slice_str(text), again) == PGTC_OK);
		REQUIRE(memcmp(id, again, sizeof(id)) == 0);
	}
	if (pgtc_jti_parse(in, &parsed) == PGTC_OK)
	{
		pgtc_jti_write(&parsed, jti);
		REQUIRE(size == PGTC_JTI_LEN && memcmp(jti, data, size) == 0);
	}
	if (size >= 16)
	{
		uint64_t us;

		memcpy(&us, data, sizeof(us));
		pgtc_uuid_make(us, data + 8, id);
		REQUIRE((id[6] & 0xf0) == 0x70 && (id[8] & 0xc0) == 0x80);
		pgtc_uuid_make(us + 1, data + 8, again);
		/* 48 bits of milliseconds last until the year 10889 */
		if (us < (UINT64_C(1) << 48) * 1000 - 1)
			REQUIRE(memcmp(id, again, sizeof(id)) < 0);
	}
	return 0;
}
