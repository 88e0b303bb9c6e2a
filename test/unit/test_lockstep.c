/*
 * test_lockstep.c
 *		One family in two places.
 */
#include "unit.h"

#include "core/risk/lockstep.h"

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

static PgtcLockstep
after(PgtcLockstep lockstep, uint32_t generation, PgtcRequestContext rotation,
	  PgtcRequestContext retry)
{
	uint8_t stored[PGTC_LOCKSTEP_LEN];

	CHECK_CODE(pgtc_lockstep_follow(&lockstep, generation, &rotation, &retry), PGTC_OK);
	if (pgtc_lockstep_any(&lockstep))
	{
		pgtc_lockstep_write(&lockstep, stored);
		CHECK_CODE(pgtc_lockstep_read(stored, &lockstep), PGTC_OK);
	}
	return lockstep;
}

static uint32_t
follow(PgtcLockstep *lockstep, uint32_t generation, PgtcRequestContext rotation,
	   PgtcRequestContext retry)
{
	*lockstep = after(*lockstep, generation, rotation, retry);
	return lockstep->addresses.generations;
}

static uint32_t
clients_follow(PgtcLockstep *lockstep, uint32_t generation, PgtcRequestContext rotation,
			   PgtcRequestContext retry)
{
	*lockstep = after(*lockstep, generation, rotation, retry);
	return lockstep->clients.generations;
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

/* attack: one who follows says that he is another program each time */
static void
clients(void)
{
	PgtcLockstep lockstep = {0};

	CHECK(clients_follow(&lockstep, 1, with("a", NULL), with("a", NULL)) == 0);
	CHECK(!pgtc_lockstep_any(&lockstep));
	CHECK(clients_follow(&lockstep, 1, with("a", NULL), with("b", NULL)) == 1);
	/* often in one generation is one generation */
	CHECK(clients_follow(&lockstep, 1, with("a", NULL), with("c", NULL)) == 1);
	/* whoever comes first */
	CHECK(clients_follow(&lockstep, 2, with("b", NULL), with("a", NULL)) == 2);
	CHECK(clients_follow(&lockstep, 3, with("a", NULL), with("c", NULL)) == 3);
	CHECK(pgtc_lockstep_generations(&lockstep, 3) == 3);
	CHECK(clients_follow(&lockstep, 4, with("a", "1"), with("a", "2")) == 4);
	CHECK(clients_follow(&lockstep, 5, with("", NULL), with(NULL, NULL)) == 5);
	/* one that was answered once ends the row */
	CHECK(clients_follow(&lockstep, 7, with("a", NULL), with("b", NULL)) == 1);
	CHECK(clients_follow(&lockstep, 9, with("a", NULL), with("a", NULL)) == 0);
	CHECK(!pgtc_lockstep_any(&lockstep));
}

/* attack: he says now and then that he is the same one */
static void
gaps(void)
{
	PgtcLockstep lockstep = {0};

	CHECK(clients_follow(&lockstep, 1, with("a", NULL), with("b", NULL)) == 1);
	CHECK(clients_follow(&lockstep, 2, with("a", NULL), with("a", NULL)) == 1);
	CHECK(pgtc_lockstep_generations(&lockstep, 2) == 0);
	CHECK(clients_follow(&lockstep, 3, with("a", NULL), with("b", NULL)) == 2);
	/* or comes at once */
	pgtc_lockstep_hold(&lockstep, 4);
	CHECK(pgtc_lockstep_generations(&lockstep, 4) == 0);
	CHECK(clients_follow(&lockstep, 5, with("a", NULL), with("c", NULL)) == 3);
	for (uint32_t generation = 6; generation < 16; generation++)
		CHECK(clients_follow(&lockstep, generation, with("a", NULL), with("a", NULL)) == 3);
	CHECK(clients_follow(&lockstep, 16, with("a", NULL), with("b", NULL)) == 4);
	/* one that is retried all the time is a new program once a month */
	for (uint32_t generation = 17; generation < 28; generation++)
		CHECK(clients_follow(&lockstep, generation, with("a", NULL), with("a", NULL)) == 4);
	CHECK(clients_follow(&lockstep, 28, with("a", NULL), with("b", NULL)) == 1);
	/* what was not retried is not made good later */
	pgtc_lockstep_hold(&lockstep, 30);
	CHECK(!pgtc_lockstep_any(&lockstep));
}

/* each row is its own: neither ends the other */
static void
both(void)
{
	PgtcRequestContext home = with("a", NULL);
	PgtcRequestContext same = with("a", NULL);
	PgtcRequestContext other = with("b", NULL);
	PgtcLockstep lockstep = {0};

	home.ip = pgtc_slice_str("192.0.2.1");
	same.ip = other.ip = pgtc_slice_str("192.0.2.2");
	CHECK(follow(&lockstep, 1, home, same) == 1);
	CHECK(follow(&lockstep, 2, home, other) == 2 && lockstep.clients.generations == 1);
	CHECK(follow(&lockstep, 3, home, same) == 3 && lockstep.clients.generations == 1);
	CHECK(pgtc_lockstep_generations(&lockstep, 3) == 3);
	other.ip = home.ip;
	CHECK(follow(&lockstep, 4, home, other) == 3 && lockstep.clients.generations == 2);
	CHECK(pgtc_lockstep_generations(&lockstep, 4) == 2);
}

static void
stored(void)
{
	PgtcLockstep lockstep = {0};
	uint8_t bytes[PGTC_LOCKSTEP_LEN] = {0};

	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
	CHECK(follow(&lockstep, 0xfffffffe, at("192.0.2.1"), at("192.0.2.2")) == 1);
	CHECK(lockstep.addresses.generation == 0xfffffffe && lockstep.addresses.newest == 1);
	pgtc_lockstep_write(&lockstep, bytes);
	bytes[20] = 2;
	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
	/* the last that counted is none that is still to come */
	memset(&lockstep, 0, sizeof(lockstep));
	CHECK(clients_follow(&lockstep, 7, with("a", NULL), with("b", NULL)) == 1);
	pgtc_lockstep_write(&lockstep, bytes);
	bytes[7] = 8;
	CHECK_CODE(pgtc_lockstep_read(bytes, &lockstep), PGTC_E_MALFORMED);
}

void
test_lockstep(void)
{
	addresses();
	clients();
	gaps();
	both();
	stored();
}
