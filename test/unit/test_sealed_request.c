/*
 * test_sealed_request.c
 *		Requests that one shard hands over to another, as text; and the id that they have
 *		there.
 */
#include "core/oauth/sealed_request.h"
#include "unit.h"

static const uint8_t id[PGTC_UUID_LEN] = {0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x70, 0x00,
										  0xaa, 0x2b, 0xd8, 1,	  2,	3,	  4,	5};

static bool
reads(PgtcSlice text)
{
	uint8_t found[PGTC_UUID_LEN];
	PgtcBuf sealed;
	PgtcCode code;

	pgtc_buf_init(&sealed, &unit_mem);
	code = pgtc_sealed_request_read(text, found, &sealed);
	/* what is refused leaves nothing */
	CHECK(code == PGTC_OK ||
		  (sealed.len == 0 && memcmp(found, (uint8_t[PGTC_UUID_LEN]){0}, PGTC_UUID_LEN) == 0));
	pgtc_buf_free(&sealed);
	return code == PGTC_OK;
}

static void
there_and_back(void)
{
	uint8_t found[PGTC_UUID_LEN];
	char *text;
	size_t len;
	PgtcBuf out;
	PgtcBuf sealed;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_init(&sealed, &unit_mem);
	pgtc_buf_append_str(&out, "before");
	pgtc_buf_append_str(&sealed, "before");
	CHECK_CODE(pgtc_sealed_request_write(id, LITERAL("what is\0sealed!"), &out), PGTC_OK);
	text = out.data + strlen("before");
	len = out.len - strlen("before");
	/* version, id and sealed are 1, 16 and 15 bytes: no bits are left over */
	CHECK(len == 6 + 43 && memcmp(text, "pgtsr_AQF_IuJ5sHAAqivYAQIDBAV3", 30) == 0);
	CHECK_CODE(pgtc_sealed_request_read(pgtc_slice(text, len), found, &sealed), PGTC_OK);
	CHECK(memcmp(found, id, sizeof(id)) == 0);
	CHECK(pgtc_slice_equal(pgtc_slice(sealed.data, sealed.len), LITERAL("beforewhat is\0sealed!")));

	/* Attack: a second spelling of what was answered, which leads to another shard or row. */
	for (size_t i = 0; i < len; i++)
	{
		char kept = text[i];

		text[i] = '=';
		CHECK(!reads(pgtc_slice(text, len)));
		text[i] = kept;
	}
	CHECK(reads(pgtc_slice(text, len)));
	CHECK(!reads(pgtc_slice(text, 6 + 23)));
	text[7] = 'g'; /* version 2 */
	CHECK(!reads(pgtc_slice(text, len)));
	pgtc_buf_free(&out);
	pgtc_buf_free(&sealed);
}

static void
others(void)
{
	char *large;
	PgtcBuf out;

	CHECK(!reads(LITERAL("")));
	CHECK(!reads(LITERAL("pgtsr_")));
	CHECK(!reads(LITERAL("pgtsr_AQ")));
	CHECK(!reads(LITERAL("pgttx_AQF_IuJ5sHAAqivYAQIDBAV3aGF0IGlzAHNlYWxlZCE")));
	CHECK(pgtc_sealed_request_is(LITERAL("pgtsr_x")) && !pgtc_sealed_request_is(LITERAL("pgtsr_")));

	/* Attack: as much memory as a text is long. */
	large = malloc(PGTC_SEALED_REQUEST_MAX + 2);
	memset(large, 'A', PGTC_SEALED_REQUEST_MAX + 2);
	memcpy(large, "pgtsr_AQ", 8);
	CHECK(reads(pgtc_slice(large, PGTC_SEALED_REQUEST_MAX)));
	CHECK(!reads(pgtc_slice(large, PGTC_SEALED_REQUEST_MAX + 2)));
	pgtc_buf_init(&out, &unit_mem);
	CHECK_CODE(
		pgtc_sealed_request_write(id, pgtc_slice(large, PGTC_SEALED_REQUEST_MAX / 4 * 3), &out),
		PGTC_E_TOO_LONG);
	CHECK(out.len == 0);
	pgtc_buf_free(&out);
	free(large);
}

/* an allocation fails: no leak, nothing appended */
static void
no_memory(void)
{
	PgtcCode code = PGTC_E_NOMEM;
	uint8_t found[PGTC_UUID_LEN];
	PgtcBuf text;
	PgtcBuf sealed;
	int n;

	for (n = 0; code == PGTC_E_NOMEM && n < 10; n++)
	{
		pgtc_buf_init(&text, &unit_mem);
		pgtc_buf_init(&sealed, &unit_mem);
		unit_fail_after(n);
		code = pgtc_sealed_request_write(id, LITERAL("sealed"), &text);
		CHECK(code == PGTC_OK || text.len == 0);
		if (code == PGTC_OK)
			code = pgtc_sealed_request_read(pgtc_slice(text.data, text.len), found, &sealed);
		unit_fail_after(-1);
		CHECK(code == PGTC_OK || sealed.len == 0);
		pgtc_buf_free(&text);
		pgtc_buf_free(&sealed);
	}
	CHECK(code == PGTC_OK && n > 2);
}

/* the id where the subject's things lie: of the same time, always the same, and never the one before */
static void
moved(void)
{
	uint8_t there[PGTC_UUID_LEN];
	uint8_t again[PGTC_UUID_LEN];
	uint32_t shard;
	char text[PGTC_UUID_TEXT_LEN + 1];

	for (uint32_t placement = 0; placement < PGTC_PLACEMENTS; placement += 401)
	{
		CHECK_CODE(pgtc_placement_moved(id, placement, there), PGTC_OK);
		CHECK_CODE(pgtc_placement_shard(there, PGTC_PLACEMENTS, &shard), PGTC_OK);
		CHECK(shard == placement && memcmp(there, id, 8) == 0);
	}
	/* also where its placement is this very one */
	CHECK_CODE(pgtc_placement_moved(id, 2806, there), PGTC_OK);
	CHECK_CODE(pgtc_placement_moved(id, 2806, again), PGTC_OK);
	CHECK(memcmp(there, again, sizeof(there)) == 0 && memcmp(there, id, sizeof(id)) != 0);
	/* rows are found by it: reckoned elsewhere */
	pgtc_uuid_text(there, text);
	CHECK(strcmp(text, "017f22e2-79b0-7000-aa2b-dbf01eaf9859") == 0);
}

void
test_sealed_request(void)
{
	there_and_back();
	others();
	no_memory();
	moved();
}
