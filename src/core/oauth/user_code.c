/*
 * user_code.c
 *		User codes of devices.
 */
#include "core/oauth/user_code.h"
#include "core/base/ascii.h"
#include "core/base/crypto.h"

#define GROUP_LEN 3

void
pgtc_user_code_make(uint32_t placement, const uint8_t random[32], char out[PGTC_USER_CODE_LEN + 1])
{
	out[0] = pgtc_letters_of(placement);
	pgtc_letters_draw(random, PGTC_USER_CODE_LEN - 1, out + 1);
}

void
pgtc_user_code_show(const char code[PGTC_USER_CODE_LEN + 1], char out[PGTC_USER_CODE_SHOWN_LEN + 1])
{
	int i;

	for (i = 0; i < PGTC_USER_CODE_LEN; i++)
	{
		if (i > 0 && i % GROUP_LEN == 0)
			*out++ = '-';
		*out++ = code[i];
	}
	*out = '\0';
}

/* RFC 8628 section 6.1: what the user may have added in typing is taken away */
PgtcCode
pgtc_user_code_read(PgtcSlice in, char out[PGTC_USER_CODE_LEN + 1])
{
	size_t n = 0;
	size_t i;

	memset(out, 0, PGTC_USER_CODE_LEN + 1);
	for (i = 0; i < in.len; i++)
	{
		char c = pgtc_letters_read(in.data[i]);

		if (!pgtc_ascii_letter(in.data[i]) && !pgtc_ascii_digit(in.data[i]))
			continue;
		if (n == PGTC_USER_CODE_LEN || c == '\0')
			break;
		out[n++] = c;
	}
	if (i == in.len && n == PGTC_USER_CODE_LEN)
		return PGTC_OK;
	pgtc_crypto_wipe(out, PGTC_USER_CODE_LEN + 1);
	return PGTC_E_MALFORMED;
}

uint32_t
pgtc_user_code_placement(const char code[PGTC_USER_CODE_LEN + 1])
{
	return pgtc_letters_number(code[0]);
}
