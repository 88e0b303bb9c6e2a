/*
 * uuid.c
 *		UUIDs.  Time and random bytes are arguments.
 */
#include "core/base/uuid.h"
#include "core/base/bytes.h"

/*
 *		unix_ts_ms (48) | ver=7 (4) | rand_a (12) | var=2 (2) | rand_b (62)
 *
 * RFC 9562 section 5.7.
 */
void
pgtc_uuid_make(uint64_t unix_us, const uint8_t random[8], uint8_t out[PGTC_UUID_LEN])
{
	/* section 6.2 method 3: the fraction of the millisecond, scaled to 12 bits */
	uint32_t fraction = (uint32_t) (unix_us % 1000 * 4096 / 1000);

	pgtc_bytes_put(out, 6, unix_us / 1000);
	out[6] = (uint8_t) (0x70 | fraction >> 8);
	out[7] = (uint8_t) fraction;
	out[8] = (uint8_t) (0x80 | (random[0] & 0x3f));
	memcpy(out + 9, random + 1, 7);
}

uint64_t
pgtc_uuid_unix_us(const uint8_t uuid[PGTC_UUID_LEN])
{
	uint32_t fraction = (uint32_t) (uuid[6] & 0x0f) << 8 | uuid[7];
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | uuid[i];
	/* it was rounded down to a 4096th */
	return ms * 1000 + (fraction * 1000 + 4095) / 4096;
}

void
pgtc_uuid_text(const uint8_t uuid[PGTC_UUID_LEN], char out[PGTC_UUID_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	int i;

	for (i = 0; i < PGTC_UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[uuid[i] >> 4];
		*out++ = hex[uuid[i] & 15];
	}
	*out = '\0';
}

/*
 *		UUID = 4hexOctet "-" 2hexOctet "-" 2hexOctet "-" 2hexOctet "-" 6hexOctet
 *
 * RFC 9562 section 4.
 */
PgtcCode
pgtc_uuid_parse(PgtcSlice in, uint8_t out[PGTC_UUID_LEN])
{
	const char *at = in.data;
	int i;

	if (in.len != PGTC_UUID_TEXT_LEN)
		return PGTC_E_MALFORMED;
	for (i = 0; i < PGTC_UUID_LEN; i++)
	{
		int byte;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			return PGTC_E_MALFORMED;
		byte = pgtc_bytes_hex(at);
		if (byte < 0)
			return PGTC_E_MALFORMED;
		out[i] = (uint8_t) byte;
		at += 2;
	}
	return PGTC_OK;
}
