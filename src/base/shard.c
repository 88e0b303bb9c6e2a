/*
 * shard.c
 *		Which of several databases this one is.
 */
#include "base/shard.h"

#include "base/glue.h"
#include "base/place.h"
#include "core/base/placement.h"
#include "core/base/text.h"

static Shard here = {0, 0};

/* K/N; empty: not sharded */
static bool
parse(const char *value, Shard *shard)
{
	PgtcSlice count = pgtc_slice_str(value);
	PgtcSlice number = pgtc_slice_take(&count, '/');
	int64_t n = pgtc_text_number(count, PGTC_PLACEMENTS);
	int64_t k = pgtc_text_number(number, n - 1);

	*shard = (Shard){0, 0};
	if (value[0] == '\0')
		return true;
	if (n < 1 || k < 0)
		return false;
	*shard = (Shard){(uint32) k, (uint32) n};
	return true;
}

bool
shard_check(char **value, void **extra pg_attribute_unused(),
			GucSource source pg_attribute_unused())
{
	Shard shard;
	bool ok = parse(*value, &shard);

	if (!ok)
	{
		GUC_check_errdetail("It is K/N: the number of this database, from 0, and how many there "
							"are, at most %d.",
							PGTC_PLACEMENTS);
		GUC_check_errhint("Write it like: 2/4.");
	}
	return ok;
}

void
shard_assign(const char *value, void *extra pg_attribute_unused())
{
	(void) parse(value, &here);
}

Shard
shard_here(void)
{
	return here;
}

bool
shard_is_here(uint32 placement)
{
	return here.count == 0 || placement % here.count == here.number;
}

uint32
shard_placement(uint32 placement)
{
	return shard_is_here(placement) ? placement : here.number;
}

void
shard_require(uint32 placement, const char *what)
{
	if (shard_is_here(placement))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s lies on another shard", what),
			 errdetail("It is that of shard %u of %u; this is shard %u.", placement % here.count,
					   here.count, here.number),
			 errhint("Connect to shard %u.", placement % here.count)));
}

void
shard_require_subject(const char *subject)
{
	/* nothing is hashed where all lie here */
	if (here.count > 0)
		shard_require(place_of_subject(subject), "the subject");
}

void
shard_require_id(const pg_uuid_t *id, const char *what)
{
	uint32_t number;

	if (here.count == 0)
		return;
	glue_check(pgtc_placement_number(id->data, &number), "hashing an id");
	shard_require(number, what);
}
