/*
 * placement.h
 *		Where what belongs together lies, when there are several shards.
 *
 * An id that carries a placement is a UUIDv7 (RFC 9562 section 5.7) whose rand_b is
 *
 *		mark = 101010 (6) | placement (14) | random (42)
 *
 * so that byte 8 is 0xaa and the placement the first 14 bits of bytes 9 and 10.  Rows
 * are stored by it: none of this ever changes.
 */
#ifndef PGT_CORE_PLACEMENT_H
#define PGT_CORE_PLACEMENT_H

#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"

#define PGTC_PLACEMENTS 16384 /* 0 to one less; also the most shards there can be */

/* of all that a subject has: the first 14 bits of SHA-256(subject) */
extern PgtcCode pgtc_placement_of(PgtcSlice subject, uint32_t *out);

/* an id that carries it; the time as pgtc_uuid_make */
extern void pgtc_placement_uuid(uint64_t unix_us, const uint8_t random[8], uint32_t placement,
								uint8_t out[PGTC_UUID_LEN]);

/*
 * The id of the same thing under another placement, always the same one: its time, and
 * random bits that are told from SHA-256(id).  So it is another id than the first also
 * where that has this very placement.
 */
extern PgtcCode pgtc_placement_moved(const uint8_t id[PGTC_UUID_LEN], uint32_t placement,
									 uint8_t out[PGTC_UUID_LEN]);

/*
 * What the shard of an id is reckoned from: its placement; of an id that carries none
 * the first 4 bytes of SHA-256(id), big-endian.
 */
extern PgtcCode pgtc_placement_number(const uint8_t id[PGTC_UUID_LEN], uint32_t *out);

/* the shard of an id, 0 to shards - 1: its number modulo shards, of which there are 1 to PGTC_PLACEMENTS */
extern PgtcCode pgtc_placement_shard(const uint8_t id[PGTC_UUID_LEN], uint32_t shards,
									 uint32_t *out);

#endif /* PGT_CORE_PLACEMENT_H */
