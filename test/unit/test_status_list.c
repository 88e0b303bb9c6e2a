/*
 * test_status_list.c
 *		Names, claims and bits of status lists (Token Status List).
 */
#include <stdlib.h>

#include <zlib.h>

#include "core/base/deflate.h"
#include "core/oauth/status_list.h"
#include "unit.h"

static void
names(void)
{
	static const struct
	{
		const char *text;
		int64_t series; /* 0: it is no name */
		int32_t number;
	} known[] = {
		{"1/0", 1, 0},
		{"5765896579591904/42", INT64_C(5765896579591904), 42},
		{"9007199254740991/16383", INT64_C(9007199254740991), 16383},
		{"9007199254740992/0", 0, 0},
		{"1/16384", 0, 0},
		{"18446744073709551617/0", 0, 0},
		{"1/4294967296", 0, 0},
		{"0/0", 0, 0},
		{"", 0, 0},
		{"/", 0, 0},
		{"1", 0, 0},
		{"1/", 0, 0},
		{"/1", 0, 0},
		{"1/1/", 0, 0},
		{"1/1/1", 0, 0},
		{"1//1", 0, 0},
		{"01/1", 0, 0},
		{"1/01", 0, 0},
		{"1/00", 0, 0},
		{"-1/1", 0, 0},
		{"1/-1", 0, 0},
		{"+1/1", 0, 0},
		{" 1/1", 0, 0},
		{"1/1 ", 0, 0},
		{"1e1/1", 0, 0},
		{"0x1/1", 0, 0},
		{"1/..", 0, 0},
		{"../1", 0, 0},
		{"1/%31", 0, 0},
	};
	PgtcStatusList list;
	PgtcBuf uri;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		CHECK_CODE(pgtc_status_list_parse(pgtc_slice_str(known[i].text), &list),
				   known[i].series ? PGTC_OK : PGTC_E_MALFORMED);
		if (known[i].series == 0)
			continue;
		CHECK(list.series == known[i].series && list.number == known[i].number);
		/* the one spelling that it has */
		pgtc_buf_init(&uri, &unit_mem);
		pgtc_status_list_uri(pgtc_slice_str("https://i.example"), list, &uri);
		CHECK(strncmp(uri.data, "https://i.example/oauth2/status_lists/", 38) == 0 &&
			  strcmp(uri.data + 38, known[i].text) == 0);
		pgtc_buf_free(&uri);
	}
	CHECK_CODE(pgtc_status_list_parse(LITERAL("1/1\0"), &list), PGTC_E_MALFORMED);
}

static void
series(void)
{
	static const uint8_t zeros[8] = {0};
	static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	PgtcStatusList list;
	PgtcBuf uri;

	CHECK(pgtc_status_list_series(zeros, 0) == 16384);
	CHECK(pgtc_status_list_series(zeros, 7) == 16384 + 7);
	CHECK(pgtc_status_list_series(ones, 16383) == INT64_C(9007199254740991));
	/* whatever is made can be read */
	pgtc_buf_init(&uri, &unit_mem);
	pgtc_status_list_uri(LITERAL(""), (PgtcStatusList){pgtc_status_list_series(ones, 16383), 16383},
						 &uri);
	CHECK_CODE(
		pgtc_status_list_parse(pgtc_slice_str(uri.data + strlen("/oauth2/status_lists/")), &list),
		PGTC_OK);
	pgtc_buf_free(&uri);
}

static void
claims(void)
{
	static const struct
	{
		int32_t position;
		const char *claim;
	} known[] = {
		{0,
		 "{\"status_list\":{\"idx\":0,\"uri\":\"https://i.example/oauth2/status_lists/16391/0\"}}"},
		{131071,
		 "{\"status_list\":{\"idx\":131071,\"uri\":\"https://i.example/oauth2/status_lists/16391/0\"}}"},
		{131072,
		 "{\"status_list\":{\"idx\":0,\"uri\":\"https://i.example/oauth2/status_lists/16391/1\"}}"},
		{INT32_MAX,
		 "{\"status_list\":{\"idx\":131071,\"uri\":\"https://i.example/oauth2/status_lists/16391/16383\"}}"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		PgtcBuf out;

		pgtc_buf_init(&out, &unit_mem);
		pgtc_status_list_claim(LITERAL("https://i.example"), 16391, known[i].position, &out);
		CHECK(pgtc_buf_code(&out) == PGTC_OK && strcmp(out.data, known[i].claim) == 0);
		pgtc_buf_free(&out);
	}
}

/* Token Status List section 4.1: the example with 1 bit */
static void
bits(void)
{
	static const uint8_t statuses[16] = {1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1};
	uint8_t list[2] = {0};
	PgtcBuf out;
	PgtcBuf text;

	for (uint32_t i = 0; i < 16; i++)
	{
		if (statuses[i])
			pgtc_status_list_end(list, i);
	}
	CHECK(list[0] == 0xb9 && list[1] == 0xa3);
	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_init(&text, &unit_mem);
	pgtc_buf_append_str(&out, "before");
	CHECK_CODE(pgtc_deflate(list, sizeof(list), &out), PGTC_OK);
	pgtc_buf_append_b64url(&text, out.data + 6, out.len - 6);
	CHECK(memcmp(out.data, "before", 6) == 0 && strcmp(text.data, "eNrbuRgAAhcBXQ") == 0);
	pgtc_buf_free(&out);
	pgtc_buf_free(&text);
}

/* a whole list, as a reader takes it apart */
static void
member(void)
{
	static const char head[] = "{\"bits\":1,\"lst\":\"";
	static const char tail[] = "\",\"aggregation_uri\":\"https://i.example/oauth2/status_lists\"}";
	uint8_t *list = calloc(1, PGTC_STATUS_LIST_BYTES);
	uint8_t *read = calloc(1, PGTC_STATUS_LIST_BYTES);
	uLongf len = PGTC_STATUS_LIST_BYTES;
	PgtcBuf out;
	PgtcBuf compressed;

	for (uint32_t i = 0; i < PGTC_STATUS_LIST_SIZE; i += 1 + i % 977)
		pgtc_status_list_end(list, i);
	pgtc_status_list_end(list, PGTC_STATUS_LIST_SIZE - 1);
	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_init(&compressed, &unit_mem);
	CHECK_CODE(pgtc_status_list_member(LITERAL("https://i.example"), list, &out), PGTC_OK);
	CHECK(out.len > sizeof(head) + sizeof(tail) && memcmp(out.data, head, strlen(head)) == 0 &&
		  strcmp(out.data + out.len - strlen(tail), tail) == 0);
	CHECK_CODE(
		pgtc_buf_decode_b64url(&compressed, pgtc_slice(out.data + strlen(head),
													   out.len - strlen(head) - strlen(tail))),
		PGTC_OK);
	CHECK(uncompress(read, &len, (const Bytef *) compressed.data, compressed.len) == Z_OK &&
		  len == PGTC_STATUS_LIST_BYTES && memcmp(read, list, len) == 0);
	pgtc_buf_free(&out);
	pgtc_buf_free(&compressed);
	free(list);
	free(read);
}

void
test_status_list(void)
{
	names();
	series();
	claims();
	bits();
	member();
}
