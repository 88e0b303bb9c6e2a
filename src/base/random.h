/*
 * random.h
 *		Random bytes and identifiers.
 */
#ifndef PGT_RANDOM_H
#define PGT_RANDOM_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

/* strong random bytes, or ereport(58000) */
extern void random_bytes(void *out, size_t len);

/* the same for what is no secret (identifiers, nonces), drawn in larger portions; len <= 32 */
extern void random_public(void *out, size_t len);

/* a UUIDv7 (RFC 9562 section 5.7) of now, or of a time */
extern void random_uuid(pg_uuid_t *out);
extern void random_uuid_at(pg_uuid_t *out, TimestampTz at);

#endif /* PGT_RANDOM_H */
