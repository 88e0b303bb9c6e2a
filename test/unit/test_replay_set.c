/*
 * test_replay_set.c
 *		Identifiers that may be used once.  Attacks shut out: a second use within
 *		the time, a flood that makes the set forget more than it must, and one that
 *		chooses whom it drives out.
 */
#include "core/base/replay_set.h"
#include "unit.h"

#define N (4 * PGTC_REPLAY_WAYS)

/* all of them in one bucket */
static void
id_of(int number, uint8_t id[PGTC_SHA256_LEN])
{
	memset(id, 0, PGTC_SHA256_LEN);
	id[30] = (uint8_t) (number >> 8);
	id[31] = (uint8_t) number;
}

static PgtcReplay
add(PgtcReplayId *set, int number, int64_t now, int64_t expires_at)
{
	uint8_t id[PGTC_SHA256_LEN];

	id_of(number, id);
	return pgtc_replay_set_add(set, N, id, now, expires_at);
}

static void
check_time(void)
{
	PgtcReplayId set[N];

	memset(set, 0, sizeof(set));
	CHECK(add(set, 1, 100, 160) == PGTC_REPLAY_FIRST);
	CHECK(add(set, 1, 100, 160) == PGTC_REPLAY_SEEN);
	CHECK(add(set, 1, 159, 300) == PGTC_REPLAY_SEEN);
	CHECK(add(set, 2, 159, 300) == PGTC_REPLAY_FIRST);
	CHECK(add(set, 1, 160, 220) == PGTC_REPLAY_FIRST);
	CHECK(add(set, 1, 161, 220) == PGTC_REPLAY_SEEN);
	/* one that has ended before it came takes no place that counts */
	CHECK(add(set, 3, 200, 200) == PGTC_REPLAY_FIRST);
	CHECK(add(set, 3, 200, 200) == PGTC_REPLAY_FIRST);
}

static void
check_crowd(void)
{
	PgtcReplayId set[N];
	int i;

	memset(set, 0, sizeof(set));
	for (i = 0; i < PGTC_REPLAY_WAYS; i++)
		CHECK(add(set, i, 0, 1000 + i) == PGTC_REPLAY_FIRST);
	for (i = 0; i < PGTC_REPLAY_WAYS; i++)
		CHECK(add(set, i, 0, 1000 + i) == PGTC_REPLAY_SEEN);
	/* one more: the one that ends first gives way, and no other */
	CHECK(add(set, 500, 0, 2000) == PGTC_REPLAY_CROWDED);
	for (i = 1; i < PGTC_REPLAY_WAYS; i++)
		CHECK(add(set, i, 0, 1000 + i) == PGTC_REPLAY_SEEN);
	CHECK(add(set, 500, 0, 2000) == PGTC_REPLAY_SEEN);
	/* what has ended makes room for nothing lost */
	CHECK(add(set, 501, 1005, 2000) == PGTC_REPLAY_FIRST);
}

/* every place can be used, and no byte beyond them */
static void
check_places(void)
{
	PgtcReplayId set[N];
	uint8_t key[PGTC_SHA256_LEN] = {1};
	uint8_t hash[PGTC_SHA256_LEN];
	uint8_t id[PGTC_SHA256_LEN];
	PgtcSlice what = {(const char *) hash, sizeof(hash)};
	int taken = 0;
	int i;

	memset(set, 0, sizeof(set));
	for (i = 0; i < 100 * N; i++)
	{
		id_of(i, hash);
		CHECK_CODE(pgtc_crypto_hmac_sha256(key, sizeof(key), what.data, what.len, id), PGTC_OK);
		CHECK(pgtc_replay_set_add(set, N, id, 0, 1000) != PGTC_REPLAY_SEEN);
	}
	for (i = 0; i < N; i++)
		taken += set[i].expires_at == 1000;
	CHECK(taken == N);
	/* another key, another place: nobody knows who would drive out whom */
	key[0] = 2;
	CHECK_CODE(pgtc_crypto_hmac_sha256(key, sizeof(key), what.data, what.len, hash), PGTC_OK);
	CHECK(memcmp(hash, id, sizeof(id)) != 0);
}

void
test_replay_set(void)
{
	check_time();
	check_crowd();
	check_places();
}
