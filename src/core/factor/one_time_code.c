/*
 * one_time_code.c
 *		One-time codes: the digits of one, and recovery codes.
 */
#include "core/factor/one_time_code.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"
#include "core/base/letters.h"

#define RECOVERY_LETTERS (PGTC_RECOVERY_CODE_LEN - 1) /* without the dash */
#define RECOVERY_HALF (RECOVERY_LETTERS / 2)

void
pgtc_one_time_code_digits(uint64_t value, int digits, char out[PGTC_CODE_DIGITS_MAX + 1])
{
	int i;

	memset(out, 0, PGTC_CODE_DIGITS_MAX + 1);
	for (i = digits - 1; i >= 0; i--, value /= 10)
		out[i] = (char) ('0' + value % 10);
}

void
pgtc_one_time_code_numeric(const uint8_t random[32], int digits, char out[PGTC_CODE_DIGITS_MAX + 1])
{
	uint64_t codes = 1;
	int i;

	for (i = 0; i < digits; i++)
		codes *= 10;
	pgtc_one_time_code_digits(pgtc_bytes_remainder(random, codes), digits, out);
}

void
pgtc_one_time_code_recovery(const uint8_t random[32], char out[PGTC_RECOVERY_CODE_LEN + 1])
{
	pgtc_letters_draw(random, RECOVERY_LETTERS, out);
	memmove(out + RECOVERY_HALF + 1, out + RECOVERY_HALF, RECOVERY_LETTERS - RECOVERY_HALF + 1);
	out[RECOVERY_HALF] = '-';
}

PgtcCode
pgtc_one_time_code_read_recovery(PgtcSlice in, char out[PGTC_RECOVERY_CODE_LEN + 1])
{
	size_t n = 0;
	size_t i;

	memset(out, 0, PGTC_RECOVERY_CODE_LEN + 1);
	for (i = 0; i < in.len; i++)
	{
		char c = pgtc_letters_read(in.data[i]);

		if (in.data[i] == ' ' || in.data[i] == '-')
			continue;
		if (n == RECOVERY_HALF)
			out[n++] = '-';
		if (n == PGTC_RECOVERY_CODE_LEN || c == '\0')
			break;
		out[n++] = c;
	}
	if (i == in.len && n == PGTC_RECOVERY_CODE_LEN)
		return PGTC_OK;
	pgtc_crypto_wipe(out, PGTC_RECOVERY_CODE_LEN + 1);
	return PGTC_E_MALFORMED;
}
