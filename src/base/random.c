/*
 * random.c
 *		Random bytes and identifiers.
 */
#include "base/random.h"

#include "miscadmin.h"
#include "port.h"
#include "utils/timestamp.h"

#include "base/moment.h"
#include "core/base/uuid.h"

void
random_bytes(void *out, size_t len)
{
	if (!pg_strong_random(out, len))
		ereport(ERROR, (errcode(ERRCODE_SYSTEM_ERROR), errmsg("could not obtain random bytes"),
						errhint("Check the operating system's random number source.")));
}

void
random_public(void *out, size_t len)
{
	static uint8 pool[512];
	static size_t left = 0;

	Assert(len <= 32);
	if (left < len)
	{
		random_bytes(pool, sizeof(pool));
		left = sizeof(pool);
	}
	left -= len;
	memcpy(out, pool + left, len);
}

void
random_uuid(pg_uuid_t *out)
{
	random_uuid_at(out, GetCurrentTimestamp());
}

void
random_uuid_at(pg_uuid_t *out, TimestampTz at)
{
	uint8_t random[8];

	random_public(random, sizeof(random));
	pgtc_uuid_make((uint64_t) moment_unix_us(at), random, out->data);
}
