/*
 * handle_fuzzer.c
 *		Handles, user codes and PKCE: what is read has one spelling, or comes back
 *		as it was.
 */
#include "fuzz.h"
#include "core/oauth/handle.h"
#include "core/oauth/pkce.h"
#include "core/oauth/user_code.h"

static void
check_handles(PgtcSlice in)
{
	static const char *const prefixes[] = {PGTC_CODE_PREFIX, PGTC_DEVICE_CODE_PREFIX,
										   PGTC_PUSHED_PREFIX, PGTC_TRANSACTION_PREFIX,
										   PGTC_CHALLENGE_PREFIX};
	char text[PGTC_HANDLE_LEN + 1];
	PgtcHandle handle;
	int found = 0;
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		if (pgtc_handle_parse(prefixes[i], in, &handle) != PGTC_OK)
			continue;
		found++;
		pgtc_handle_write(prefixes[i], &handle, text);
		REQUIRE(pgtc_slice_equal(in, pgtc_slice(text, PGTC_HANDLE_LEN)));
	}
	REQUIRE(found <= 1);
}

static void
check_user_code(PgtcSlice in)
{
	char code[PGTC_USER_CODE_LEN + 1];
	char again[PGTC_USER_CODE_LEN + 1];
	char shown[PGTC_USER_CODE_SHOWN_LEN + 1];

	if (pgtc_user_code_read(in, code) != PGTC_OK)
	{
		REQUIRE(code[0] == '\0');
		return;
	}
	REQUIRE(strlen(code) == PGTC_USER_CODE_LEN);
	REQUIRE(strspn(code, "BCDFGHJKLMNPQRSTVWXZ") == PGTC_USER_CODE_LEN);
	pgtc_user_code_show(code, shown);
	REQUIRE(pgtc_user_code_read(pgtc_slice_str(shown), again) == PGTC_OK);
	REQUIRE(strcmp(code, again) == 0);
}

static void
check_pkce(PgtcSlice in)
{
	/* RFC 7636 appendix B */
	static const char challenge[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
	static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

	REQUIRE(pgtc_pkce_matches(pgtc_slice_str(challenge), in) ==
			pgtc_slice_equal(in, pgtc_slice_str(verifier)));
	REQUIRE(pgtc_pkce_matches(in, pgtc_slice_str(verifier)) ==
			pgtc_slice_equal(in, pgtc_slice_str(challenge)));
	if (pgtc_pkce_challenge_valid(in))
		REQUIRE(in.len == PGTC_CHALLENGE_LEN && pgtc_pkce_verifier_valid(in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);
	char code[PGTC_USER_CODE_LEN + 1];

	check_handles(in);
	check_user_code(in);
	check_pkce(in);
	if (size >= 32)
	{
		pgtc_user_code_make(data[0], data, code);
		REQUIRE(strlen(code) == PGTC_USER_CODE_LEN);
		check_user_code(pgtc_slice_str(code));
	}
	return 0;
}
