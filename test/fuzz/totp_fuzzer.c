/*
 * totp_fuzzer.c
 *		What a user types: base32 secrets, one-time codes, recovery codes.
 */
#include "core/base/base32.h"
#include "core/factor/one_time_code.h"
#include "fuzz.h"
#include "hotp.h"

#define NOW 3000
#define WINDOW 1

static void
check_code(const PgtcTotp *totp, PgtcSlice text)
{
	char code[HOTP_MAX + 1];
	int64_t middle = NOW / totp->period;
	int64_t right = -1;
	int64_t step;
	int64_t at;
	PgtcCode result = pgtc_totp_check(totp, text, NOW, WINDOW, -1, &step);

	for (at = middle - WINDOW; at <= middle + WINDOW; at++)
	{
		hotp(totp, at, code);
		REQUIRE(strlen(code) == (size_t) totp->digits);
		if (pgtc_slice_equal(text, pgtc_slice_str(code)))
			right = at;
	}
	REQUIRE((result == PGTC_OK) == (right >= 0) && step == right);
	/* and never again */
	if (result == PGTC_OK)
		REQUIRE(pgtc_totp_check(totp, text, NOW, WINDOW, step, &step) == PGTC_E_SIGNATURE);
}

/* what is read and written again is the same bytes; a long enough one is a secret */
static void
check_base32(PgtcSlice text)
{
	PgtcTotp totp = {"SHA1", 6, 30, NULL, 0};
	PgtcBuf data;
	PgtcBuf again;
	PgtcBuf written;
	char code[HOTP_MAX + 1];
	int64_t step;

	pgtc_buf_init(&data, &fuzz_mem);
	pgtc_buf_init(&again, &fuzz_mem);
	pgtc_buf_init(&written, &fuzz_mem);
	if (pgtc_base32_read(text, &data) == PGTC_OK)
	{
		pgtc_base32_append(&written, data.data, data.len);
		REQUIRE(written.len <= text.len);
		REQUIRE(pgtc_base32_read(pgtc_slice(written.data, written.len), &again) == PGTC_OK);
		REQUIRE(
			pgtc_slice_equal(pgtc_slice(data.data, data.len), pgtc_slice(again.data, again.len)));

		totp.secret = (const uint8_t *) data.data;
		totp.secret_len = data.len;
		hotp(&totp, NOW / totp.period, code);
		if (data.len >= PGTC_TOTP_SECRET_MIN && data.len <= PGTC_TOTP_SECRET_MAX)
			check_code(&totp, pgtc_slice_str(code));
		else
			REQUIRE(pgtc_totp_check(&totp, pgtc_slice_str(code), NOW, 0, -1, &step) == PGTC_E_KEY);
	}
	else
		REQUIRE(data.len == 0);
	pgtc_buf_free(&data);
	pgtc_buf_free(&again);
	pgtc_buf_free(&written);
}

static void
check_recovery(PgtcSlice text)
{
	char code[PGTC_RECOVERY_CODE_LEN + 1];
	char again[PGTC_RECOVERY_CODE_LEN + 1];

	if (pgtc_one_time_code_read_recovery(text, code) != PGTC_OK)
	{
		REQUIRE(code[0] == '\0');
		return;
	}
	REQUIRE(strlen(code) == PGTC_RECOVERY_CODE_LEN && code[5] == '-');
	REQUIRE(pgtc_one_time_code_read_recovery(pgtc_slice_str(code), again) == PGTC_OK);
	REQUIRE(strcmp(code, again) == 0);
}

static void
check_made(const uint8_t random[32])
{
	char code[PGTC_RECOVERY_CODE_LEN + 1];
	char again[PGTC_RECOVERY_CODE_LEN + 1];
	char digits[PGTC_CODE_DIGITS_MAX + 1];
	int n;

	pgtc_one_time_code_recovery(random, code);
	REQUIRE(pgtc_one_time_code_read_recovery(pgtc_slice_str(code), again) == PGTC_OK);
	REQUIRE(strcmp(code, again) == 0);
	for (n = 6; n <= PGTC_CODE_DIGITS_MAX; n++)
	{
		pgtc_one_time_code_numeric(random, n, digits);
		REQUIRE(strspn(digits, "0123456789") == (size_t) n && strlen(digits) == (size_t) n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[] = "12345678901234567890";
	PgtcSlice text = fuzz_slice(data, size);
	PgtcTotp totp = {"SHA256", 6, 30, secret, 20};

	check_base32(text);
	check_recovery(text);
	for (; totp.digits <= PGTC_CODE_DIGITS_MAX; totp.digits++)
		check_code(&totp, text);
	if (size >= 32)
		check_made(data);
	return 0;
}
