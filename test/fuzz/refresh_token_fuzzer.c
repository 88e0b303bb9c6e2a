/*
 * refresh_token_fuzzer.c
 *		A refresh token that parses is the one spelling of what it means.
 */
#include "fuzz.h"
#include "core/oauth/refresh_token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[PGTC_REFRESH_TOKEN_LEN + 1];
	PgtcRefreshToken token;
	PgtcRefreshToken back;

	if (pgtc_refresh_token_parse(fuzz_slice(data, size), &token) == PGTC_OK)
	{
		REQUIRE(token.generation <= INT32_MAX);
		pgtc_refresh_token_write(&token, text);
		REQUIRE(size == PGTC_REFRESH_TOKEN_LEN && memcmp(text, data, size) == 0);
	}

	/* and whatever is written parses */
	if (size >= sizeof(token))
	{
		memcpy(&token, data, sizeof(token));
		token.generation &= INT32_MAX;
		pgtc_refresh_token_write(&token, text);
		REQUIRE(pgtc_refresh_token_parse(pgtc_slice_str(text), &back) == PGTC_OK);
		REQUIRE(token.generation == back.generation);
		REQUIRE(memcmp(token.grant_id, back.grant_id, sizeof(token.grant_id)) == 0);
		REQUIRE(memcmp(token.secret, back.secret, sizeof(token.secret)) == 0);
	}
	return 0;
}
