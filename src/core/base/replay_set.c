/*
 * replay_set.c
 *		Identifiers that may be used once, in memory of a fixed size.
 *
 * A set of buckets: what an identifier costs does not depend on how many there are.
 */
#include "core/base/replay_set.h"
#include "core/base/bytes.h"

/* the first of the places that the identifier can have */
static PgtcReplayId *
bucket_of(PgtcReplayId *set, size_t n, const uint8_t id[PGTC_SHA256_LEN])
{
	return set + pgtc_bytes_get(id, 8) % (n / PGTC_REPLAY_WAYS) * PGTC_REPLAY_WAYS;
}

PgtcReplay
pgtc_replay_set_add(PgtcReplayId *set, size_t n, const uint8_t id[PGTC_SHA256_LEN], int64_t now,
					int64_t expires_at)
{
	PgtcReplayId *place = bucket_of(set, n, id);
	PgtcReplayId *first_to_end = place;
	bool crowded;
	int i;

	for (i = 0; i < PGTC_REPLAY_WAYS; i++, place++)
	{
		if (place->expires_at > now && memcmp(place->id, id, PGTC_SHA256_LEN) == 0)
			return PGTC_REPLAY_SEEN;
		if (place->expires_at < first_to_end->expires_at)
			first_to_end = place;
	}
	crowded = first_to_end->expires_at > now;
	memcpy(first_to_end->id, id, PGTC_SHA256_LEN);
	first_to_end->expires_at = expires_at;
	return crowded ? PGTC_REPLAY_CROWDED : PGTC_REPLAY_FIRST;
}
