/*
 * place.c
 *		Where what belongs together lies, when there are several shards.
 */
#include "base/place.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/random.h"
#include "base/request.h"
#include "core/base/placement.h"
#include "core/base/slice.h"

uint32
place_of_subject(const char *subject)
{
	uint32_t placement;

	glue_check(pgtc_placement_of(pgtc_slice_str(subject), &placement), "hashing a subject");
	return placement;
}

uint32
place_of_client(const char *client_id)
{
	char *subject = psprintf("%s%s", CLIENT_SUBJECT_PREFIX, client_id);
	uint32 placement = place_of_subject(subject);

	pfree(subject);
	return placement;
}

uint32
place_of_uuid(const pg_uuid_t *id)
{
	uint32_t placement;

	glue_check(pgtc_placement_number(id->data, &placement), "hashing an id");
	return placement;
}

void
place_uuid(uint32 placement, pg_uuid_t *out)
{
	uint8_t random[8];

	random_public(random, sizeof(random));
	pgtc_placement_uuid((uint64_t) moment_unix_us(GetCurrentTimestamp()), random, placement,
						out->data);
}

void
place_moved(const pg_uuid_t *request, const char *subject, pg_uuid_t *out)
{
	glue_check(pgtc_placement_moved(request->data, place_of_subject(subject), out->data),
			   "hashing an id");
}
