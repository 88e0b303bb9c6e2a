/*
 * test_route.c
 *		Placements, and where every text that is handed out leads to.
 */
#include <stdio.h>

#include "core/oauth/sealed_request.h"
#include "unit.h"

#define US UINT64_C(1645557742000000) /* of RFC 9562 appendix A.6 */

static const uint8_t zeros[8] = {0};
static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void
subjects(void)
{
	/* the first 14 bits of SHA-256, reckoned elsewhere */
	static const struct
	{
		const char *subject;
		uint32_t placement;
	} known[] = {
		{"", 14572},		   {"alice", 2806}, {"user-42", 7010}, {"client:robot", 11071},
		{"caf\xc3\xa9", 8515},
	};
	uint32_t placement;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		CHECK_CODE(pgtc_placement_of(pgtc_slice_str(known[i].subject), &placement), PGTC_OK);
		CHECK(placement == known[i].placement);
	}
}

static void
check_uuid(const uint8_t random[8], uint32_t placement, const char *expected)
{
	uint8_t id[PGTC_UUID_LEN];
	char text[PGTC_UUID_TEXT_LEN + 1];

	pgtc_placement_uuid(US, random, placement, id);
	pgtc_uuid_text(id, text);
	CHECK(strcmp(text, expected) == 0);
}

static void
placed_uuids(void)
{
	uint8_t before[PGTC_UUID_LEN];
	uint8_t after[PGTC_UUID_LEN];
	uint32_t placement;
	uint32_t shard;
	uint64_t us;

	check_uuid(zeros, 0, "017f22e2-79b0-7000-aa00-000000000000");
	check_uuid(zeros, 2806, "017f22e2-79b0-7000-aa2b-d80000000000");
	check_uuid(ones, 2806, "017f22e2-79b0-7000-aa2b-dbffffffffff");
	check_uuid(ones, PGTC_PLACEMENTS - 1, "017f22e2-79b0-7000-aaff-ffffffffffff");

	/* every placement comes back, whatever stands beside it, and doubling moves at most half */
	for (placement = 0; placement < PGTC_PLACEMENTS; placement++)
	{
		uint32_t all;
		uint32_t doubled;

		pgtc_placement_uuid(US + placement, placement % 2 ? ones : zeros, placement, before);
		if (pgtc_placement_shard(before, PGTC_PLACEMENTS, &all) != PGTC_OK ||
			pgtc_placement_shard(before, 12, &shard) != PGTC_OK ||
			pgtc_placement_shard(before, 24, &doubled) != PGTC_OK || all != placement ||
			(doubled != shard && doubled != shard + 12))
			break;
	}
	CHECK(placement == PGTC_PLACEMENTS);

	/* time decides the order, not the placement */
	for (us = US - 1000; us < US + 1000; us++)
	{
		pgtc_placement_uuid(us, ones, PGTC_PLACEMENTS - 1, before);
		pgtc_placement_uuid(us + 1, zeros, 0, after);
		if (memcmp(before, after, PGTC_UUID_LEN) >= 0)
			break;
	}
	CHECK(us == US + 1000);
}

/* ids from elsewhere: the first 4 bytes of their SHA-256, reckoned elsewhere */
static void
other_uuids(void)
{
	static const struct
	{
		const char *id;
		uint32_t of_8;
		uint32_t of_1000;
	} known[] = {
		{"00000000-0000-0000-0000-000000000000", 7, 239},
		{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 7, 279},
		{"ffffffff-ffff-ffff-ffff-ffffffffffff", 4, 956},
		/* the mark in an id of another version is none */
		{"017f22e2-79b0-4cc3-aac4-dc0c0c07398f", 6, 982},
	};
	uint8_t id[PGTC_UUID_LEN];
	uint32_t shard;
	uint32_t number;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		CHECK_CODE(pgtc_uuid_parse(pgtc_slice_str(known[i].id), id), PGTC_OK);
		CHECK_CODE(pgtc_placement_shard(id, 1, &shard), PGTC_OK);
		CHECK(shard == 0);
		CHECK_CODE(pgtc_placement_shard(id, 8, &shard), PGTC_OK);
		CHECK(shard == known[i].of_8);
		CHECK_CODE(pgtc_placement_shard(id, 1000, &shard), PGTC_OK);
		CHECK(shard == known[i].of_1000);
		CHECK_CODE(pgtc_placement_number(id, &number), PGTC_OK);
		CHECK(number > PGTC_PLACEMENTS && number % 8 == known[i].of_8 &&
			  number % 1000 == known[i].of_1000);
	}
}

static void
check_leads_to(const char *text, const uint8_t id[PGTC_UUID_LEN])
{
	uint8_t found[PGTC_UUID_LEN];
	uint32_t of_id;
	uint32_t of_text;
	uint32_t number;

	CHECK_CODE(pgtc_route_grant_id(pgtc_slice_str(text), &unit_mem, found), PGTC_OK);
	CHECK(memcmp(found, id, PGTC_UUID_LEN) == 0);
	CHECK_CODE(pgtc_placement_shard(id, 1000, &of_id), PGTC_OK);
	CHECK_CODE(pgtc_route_shard(pgtc_slice_str(text), &unit_mem, 1000, &of_text), PGTC_OK);
	CHECK(of_id == of_text);
	CHECK_CODE(pgtc_route_number(pgtc_slice_str(text), &unit_mem, &number), PGTC_OK);
	CHECK(number % 1000 == of_id);
}

static void
check_leads_nowhere(const char *text)
{
	uint8_t found[PGTC_UUID_LEN];
	uint32_t shard;

	CHECK(pgtc_route_grant_id(pgtc_slice_str(text), &unit_mem, found) != PGTC_OK);
	CHECK(pgtc_route_shard(pgtc_slice_str(text), &unit_mem, 1000, &shard) != PGTC_OK);
	CHECK(pgtc_route_number(pgtc_slice_str(text), &unit_mem, &shard) != PGTC_OK && shard == 0);
}

/* an access token as far as it is looked at: nothing is verified */
static void
access_token(const char *grant_id, char out[400])
{
	static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}";
	char claims[100];

	memset(out, 0, 400);
	snprintf(claims, sizeof(claims), "{\"grant_id\":\"%s\"}", grant_id);
	pgtc_b64url_encode(header, strlen(header), out);
	strcat(out, ".");
	pgtc_b64url_encode(claims, strlen(claims), out + strlen(out));
	strcat(out, ".");
	memset(out + strlen(out), 'A', 86);
}

static void
sealed_request(const uint8_t id[PGTC_UUID_LEN], char out[400])
{
	PgtcBuf text;

	pgtc_buf_init(&text, &unit_mem);
	CHECK_CODE(pgtc_sealed_request_write(id, LITERAL("sealed"), &text), PGTC_OK);
	memcpy(out, text.data, text.len + 1);
	pgtc_buf_free(&text);
}

static void
texts(void)
{
	static const char *const prefixes[] = {PGTC_CODE_PREFIX, PGTC_DEVICE_CODE_PREFIX,
										   PGTC_PUSHED_PREFIX, PGTC_TRANSACTION_PREFIX,
										   PGTC_CHALLENGE_PREFIX};
	PgtcHandle handle = {.secret = {1}};
	PgtcRefreshToken refresh = {.generation = 7, .secret = {1}};
	PgtcJti jti = {.generation = 7};
	char text[400] = PGTC_REQUEST_URI_PREFIX;
	uint8_t id[PGTC_UUID_LEN];
	char id_text[PGTC_UUID_TEXT_LEN + 1];

	pgtc_placement_uuid(US, ones, 2806, id);
	pgtc_uuid_text(id, id_text);
	check_leads_to(id_text, id);

	memcpy(handle.grant_id, id, PGTC_UUID_LEN);
	pgtc_handle_write(PGTC_PUSHED_PREFIX, &handle, text + strlen(text));
	check_leads_to(text, id);
	/* only a pushed request has an urn */
	memcpy(strstr(text, PGTC_PUSHED_PREFIX), PGTC_CODE_PREFIX, strlen(PGTC_CODE_PREFIX));
	check_leads_nowhere(text);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
	{
		pgtc_handle_write(prefixes[i], &handle, text);
		check_leads_to(text, id);
		text[0] = 'q';
		check_leads_nowhere(text);
	}

	memcpy(refresh.grant_id, id, PGTC_UUID_LEN);
	pgtc_refresh_token_write(&refresh, text);
	check_leads_to(text, id);
	memcpy(jti.grant_id, id, PGTC_UUID_LEN);
	pgtc_jti_write(&jti, text);
	check_leads_to(text, id);
	sealed_request(id, text);
	check_leads_to(text, id);
	text[7] = '=';
	check_leads_nowhere(text);
	access_token(id_text, text);
	check_leads_to(text, id);
	access_token("not an id", text);
	check_leads_nowhere(text);
	check_leads_nowhere("");
	check_leads_nowhere(PGTC_REQUEST_URI_PREFIX);
	check_leads_nowhere("pgtcs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void
user_codes(void)
{
	static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
	char text[] = "?bc-DFG hjk";
	uint8_t found[PGTC_UUID_LEN];
	uint32_t shard;

	for (uint32_t i = 0; i < PGTC_USER_CODE_PLACEMENTS; i++)
	{
		text[0] = letters[i];
		CHECK_CODE(pgtc_route_shard(pgtc_slice_str(text), &unit_mem, PGTC_PLACEMENTS, &shard),
				   PGTC_OK);
		CHECK(shard == i);
		CHECK_CODE(pgtc_route_shard(pgtc_slice_str(text), &unit_mem, 8, &shard), PGTC_OK);
		CHECK(shard == i % 8);
	}
	CHECK(pgtc_route_grant_id(pgtc_slice_str(text), &unit_mem, found) != PGTC_OK);
	text[0] = 'A';
	check_leads_nowhere(text);
}

void
test_route(void)
{
	subjects();
	placed_uuids();
	other_uuids();
	texts();
	user_codes();
	CHECK(unit_live() == 0);
}
