/*
 * replay_set.h
 *		Identifiers that may be used once, in memory of a fixed size.
 */
#ifndef PGT_CORE_REPLAY_SET_H
#define PGT_CORE_REPLAY_SET_H

#include "core/base/crypto.h"

#define PGTC_REPLAY_WAYS 16 /* places that one identifier can have */

typedef struct PgtcReplayId
{
	uint8_t id[PGTC_SHA256_LEN];
	int64_t expires_at; /* the place is free from then on; all zeros is a free place */
} PgtcReplayId;

typedef enum PgtcReplay
{
	PGTC_REPLAY_FIRST,
	PGTC_REPLAY_SEEN,
	PGTC_REPLAY_CROWDED /* the first use, for which one that still counted had to give way */
} PgtcReplay;

/*
 * Is this the first use?  It is remembered until expires_at.  Where all places of
 * the identifier are taken, the one whose time ends first gives way.  n is a
 * multiple of PGTC_REPLAY_WAYS, at least one; id must be unpredictable to who
 * chooses what it stands for (a MAC), or he could choose whom he drives out.
 */
extern PgtcReplay pgtc_replay_set_add(PgtcReplayId *set, size_t n,
									  const uint8_t id[PGTC_SHA256_LEN], int64_t now,
									  int64_t expires_at);

#endif /* PGT_CORE_REPLAY_SET_H */
