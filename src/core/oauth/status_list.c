/*
 * status_list.c
 *		Lists of the status of tokens.
 */
#include "core/oauth/status_list.h"
#include "core/base/deflate.h"
#include "core/base/json_write.h"
#include "core/base/text.h"

#define SERIES_MAX ((INT64_C(1) << 53) - 1)
#define PLACEMENT_BITS 14

int64_t
pgtc_status_list_series(const uint8_t random[8], uint32_t placement)
{
	uint64_t high = 0;

	for (int i = 0; i < 8; i++)
		high = high << 8 | random[i];
	high = high >> 25; /* 39 bits */
	/* none is 0, which stands for no series at all */
	return (int64_t) ((high ? high : 1) << PLACEMENT_BITS | placement % PGTC_PLACEMENTS);
}

/* digits without leading zeros, at most so large; -1 */
static int64_t
number_of(PgtcSlice text, int64_t most)
{
	if (text.len > 1 && text.data[0] == '0')
		return -1;
	return pgtc_text_number(text, most);
}

PgtcCode
pgtc_status_list_parse(PgtcSlice text, PgtcStatusList *out)
{
	PgtcSlice rest = text;
	PgtcSlice series = pgtc_slice_take(&rest, '/');

	out->series = number_of(series, SERIES_MAX);
	out->number = (int32_t) number_of(rest, PGTC_STATUS_LIST_NUMBERS - 1);
	return out->series > 0 && out->number >= 0 ? PGTC_OK : PGTC_E_MALFORMED;
}

static void
append_number(PgtcBuf *out, int64_t number)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
	{
		digits[--n] = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	pgtc_buf_append(out, digits + n, sizeof(digits) - n);
}

void
pgtc_status_list_uri(PgtcSlice base, PgtcStatusList list, PgtcBuf *out)
{
	pgtc_buf_append(out, base.data, base.len);
	pgtc_buf_append_str(out, PGTC_STATUS_LIST_PATH "/");
	append_number(out, list.series);
	pgtc_buf_append(out, "/", 1);
	append_number(out, list.number);
}

/* on the way of a refresh: one buffer, which is given back by who has it */
void
pgtc_status_list_claim(PgtcSlice base, int64_t series, int32_t position, PgtcBuf *out)
{
	PgtcStatusList list = {series, position / PGTC_STATUS_LIST_SIZE};

	pgtc_buf_append_str(out, "{\"status_list\":{\"idx\":");
	append_number(out, position % PGTC_STATUS_LIST_SIZE);
	pgtc_buf_append_str(out, ",\"uri\":\"");
	pgtc_status_list_uri(base, list, out);
	pgtc_buf_append_str(out, "\"}}");
}

void
pgtc_status_list_end(uint8_t *bits, uint32_t index)
{
	bits[index / 8] |= (uint8_t) (1 << index % 8);
}

PgtcCode
pgtc_status_list_member(PgtcSlice base, const uint8_t *bits, PgtcBuf *out)
{
	PgtcBuf compressed;
	PgtcBuf text;
	PgtcCode code;

	pgtc_buf_init(&compressed, out->mem);
	pgtc_buf_init(&text, out->mem);
	code = pgtc_deflate(bits, PGTC_STATUS_LIST_BYTES, &compressed);
	if (code == PGTC_OK)
	{
		pgtc_buf_append(out, "{", 1);
		pgtc_json_write_member_int(out, "bits", 1);
		pgtc_buf_append_b64url(&text, compressed.data, compressed.len);
		pgtc_json_write_member(out, "lst", pgtc_slice(text.data, text.len));
		pgtc_buf_truncate(&text, 0);
		pgtc_buf_append(&text, base.data, base.len);
		pgtc_buf_append_str(&text, PGTC_STATUS_LIST_PATH);
		pgtc_json_write_member(out, "aggregation_uri", pgtc_slice(text.data, text.len));
		pgtc_buf_append(out, "}", 1);
		code = pgtc_buf_code(&text) != PGTC_OK ? pgtc_buf_code(&text) : pgtc_buf_code(out);
	}
	pgtc_buf_free(&compressed);
	pgtc_buf_free(&text);
	return code;
}
