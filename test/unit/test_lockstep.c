/*
 * test_lockstep.c
 *		One family in two places.
 */
#include "unit.h"

#include "lockstep.h"

static PgtcRequestContext
at(const char *ip)
{
	PgtcRequestContext context = {0};

	context.ip = pgtc_slice_str(ip);
	return context;
}

static PgtcRequestContext
with(const char *user_agent, const char *device_id)
{
	PgtcRequestContext context = {0};

	context.user_agent = pgtc_slice_str(user_agent);
	context.device_id = pgtc_slice_str(device_id);
	return context;
}

static uint32_t
follow(PgtcLockstep *lockstep, uint32_t generation, PgtcRequestContext rotation,
	   PgtcRequestContext retry)
{
	uint8_t stored[PGTC_LOCKSTEP_LEN];

	CHECK_CODE(pgtc_lockstep_follow(lockstep, generation, &rotation, &retry), PGTC_OK);
	if (lockstep->generations > 0)
	{
		pgtc_lockstep_write(lockstep, stored);
		CHECK_CODE(pgtc_lockstep_read(stored, lockstep), PGTC_OK);
	}
	return lockstep->generations;
}

/* an address is all that tells them apart */
static void
addresses(void)
{
	PgtcLockstep lockstep = {0};

	CHECK(follow(&lockstep, 1, at("192.0.2.1"), at("::ffff:192.0.2.1")) == 0);
	CHECK(follow(&lockstep, 1, at("2001:db8::1"), at("2001:db8::2")) == 0);
	CHECK(follow(&lockstep, 1, at("192.0.2.1"), at("192.0.2.2")) == 1);
	CHECK(follow(&lockstep, 1, at("192.0.2.1"), at("192.0.2.2")) == 1);
	CHECK(follow(&lockstep, 2, at("192.0.2.1"), at("192.0.2.2")) == 2);
	/* a third one beside them, then on from where the last answer had gone to */
	CHECK(follow(&lockstep, 2, at("192.0.2.1"), at("192.0.2.3")) == 2);
	CHECK(follow(&lockstep, 3, at("192.0.2.2"), at("192.0.2.1")) == 2);
	CHECK(follow(&lockstep, 4, at("192.0.2.2"), at("192.0.2.1")) == 3);
	/* the rotation's own place has the last answer again */
	CHECK(follow(&lockstep, 4, at("192.0.2.2"), at("192.0.2.2")) == 3);
	CHECK(follow(&lockstep, 5, at("192.0.2.2"), at("192.0.2.1")) == 3);
	/* a generation between, other addresses, none */
	CHECK(follow(&lockstep, 7, at("192.0.2.2"), at("192.0.2.1")) == 1);
	CHECK(follow(&lockstep, 8, at("192.0.2.2"), at("192.0.2.7")) == 1);
	CHECK(follow(&lockstep, 9, at(NULL), at("")) == 1);
	CHECK(follow(&lockstep, 10, at(NULL), at("")) == 2);
	CHECK(follow(&lockstep, 11, at(NULL), at("x")) == 1);
}

static void
clients(void)
{
	PgtcLockstep lockstep = {0};

	CHECK(follow(&lockstep, 1, with("a", NULL), with("a", NULL)) == 0);
	CHECK(follow(&lockstep, 1, with("a", NULL), with("b", NULL)) == 1);
	/* whoever comes first */
	CHECK(follow(&lockstep, 2, with("b", NULL), with("a", NULL)) == 2);
	CHECK(follow(&lockstep, 3, with("a", NULL), with("b", NULL)) == 3);
	CHECK(follow(&lockstep, 4, with("a", NULL), with("c", NULL)) == 1);
	CHECK(follow(&lockstep, 5, with("a", "1"), with("a", "2")) == 1);
	CHECK(follow(&lockstep, 6, with("a", "1"), with("a", "2")) == 2);
	/* what is told of one member is not told of the other */
	CHECK(follow(&lockstep, 7, with("1", "a"), with("2", "a")) == 1);
	CHECK(follow(&lockstep, 8, with("", NULL), with(NULL, NULL)) == 1);
	/* of another kind: the addresses of the same two */
	CHECK(follow(&lockstep, 9, at("192.0.2.1"), at("192.0.2.2")) == 1);
}

static void
stored(void)
{
	PgtcLockstep lockstep = {0};
	uint8_t bytes[PGTC_LOCKSTEP_LEN] = {0};

	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
	bytes[8] = 3;
	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
	bytes[8] = 2;
	bytes[9] = 2;
	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
	CHECK(follow(&lockstep, 0xfffffffe, at("192.0.2.1"), at("192.0.2.2")) == 1);
	CHECK(lockstep.generation == 0xfffffffe && lockstep.newest == 1);
}

void
test_lockstep(void)
{
	addresses();
	clients();
	stored();
}
