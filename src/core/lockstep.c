/*
 * lockstep.c
 *		Is a family used in lockstep from two places?
 */
#include "lockstep.h"

/* one household or host, as far as an address says: of IPv6 the interface is anybody's choice */
#define IPV4_PREFIX 32
#define IPV6_PREFIX 64

#define MEMBERS_PER_PRINT 2

static PgtcContextDifference difference_of(const PgtcRequestContext *a,
										   const PgtcRequestContext *b);
static PgtcCode print_of(PgtcContextDifference difference, const PgtcRequestContext *context,
						 uint8_t out[PGTC_CONTEXT_PRINT_LEN]);
static PgtcCode address_hash(PgtcSlice ip, uint8_t out[PGTC_SHA256_LEN]);
static PgtcCode member_hash(PgtcSlice member, uint8_t out[PGTC_SHA256_LEN]);
static int place_of(const PgtcLockstep *lockstep, const uint8_t print[PGTC_CONTEXT_PRINT_LEN]);
static PgtcCode back_at_rotation(PgtcLockstep *lockstep, uint32_t generation,
								 const PgtcRequestContext *rotation);
static bool same_member(PgtcSlice a, PgtcSlice b);
static void put_uint32(uint8_t *out, uint32_t value);
static uint32_t get_uint32(const uint8_t *in);

PgtcCode
pgtc_lockstep_follow(PgtcLockstep *lockstep, uint32_t generation,
					 const PgtcRequestContext *rotation, const PgtcRequestContext *retry)
{
	PgtcContextDifference difference = difference_of(rotation, retry);
	uint8_t prints[2][PGTC_CONTEXT_PRINT_LEN];
	int first;
	int second;
	PgtcCode code;

	if (difference == PGTC_CONTEXT_SAME)
		return back_at_rotation(lockstep, generation, rotation);
	code = print_of(difference, rotation, prints[0]);
	if (code == PGTC_OK)
		code = print_of(difference, retry, prints[1]);
	if (code != PGTC_OK)
		return code;

	first = lockstep->difference == difference ? place_of(lockstep, prints[0]) : -1;
	second = lockstep->difference == difference ? place_of(lockstep, prints[1]) : -1;
	if (lockstep->generations > 0 && first >= 0 && second >= 0 &&
		generation - lockstep->generation <= 1)
	{
		if (generation != lockstep->generation &&
			(difference == PGTC_CONTEXT_OTHER_CLIENT || first != lockstep->newest))
			lockstep->generations++;
		lockstep->newest = (uint8_t) second;
	}
	/* a third one beside two that have been at it for longer */
	else if (lockstep->generations > 1 && generation == lockstep->generation)
		return PGTC_OK;
	else
	{
		lockstep->generations = 1;
		lockstep->difference = difference;
		lockstep->newest = 1;
		memcpy(lockstep->prints, prints, sizeof(prints));
	}
	lockstep->generation = generation;
	return PGTC_OK;
}

/* once more from where the rotation came from: what counts is who had the last answer */
static PgtcCode
back_at_rotation(PgtcLockstep *lockstep, uint32_t generation, const PgtcRequestContext *rotation)
{
	uint8_t print[PGTC_CONTEXT_PRINT_LEN];
	int place;
	PgtcCode code;

	if (lockstep->generations == 0 || lockstep->generation != generation)
		return PGTC_OK;
	code = print_of(lockstep->difference, rotation, print);
	place = code == PGTC_OK ? place_of(lockstep, print) : -1;
	if (place >= 0)
		lockstep->newest = (uint8_t) place;
	return code;
}

void
pgtc_lockstep_write(const PgtcLockstep *lockstep, uint8_t out[PGTC_LOCKSTEP_LEN])
{
	put_uint32(out, lockstep->generation);
	put_uint32(out + 4, lockstep->generations);
	out[8] = (uint8_t) lockstep->difference;
	out[9] = lockstep->newest;
	memcpy(out + 10, lockstep->prints, sizeof(lockstep->prints));
}

PgtcCode
pgtc_lockstep_read(const uint8_t in[PGTC_LOCKSTEP_LEN], PgtcLockstep *out)
{
	memset(out, 0, sizeof(*out));
	if ((in[8] != PGTC_CONTEXT_OTHER_CLIENT && in[8] != PGTC_CONTEXT_OTHER_ADDRESS) || in[9] > 1)
		return PGTC_E_MALFORMED;
	out->generation = get_uint32(in);
	out->generations = get_uint32(in + 4);
	out->difference = (PgtcContextDifference) in[8];
	out->newest = in[9];
	memcpy(out->prints, in + 10, sizeof(out->prints));
	return PGTC_OK;
}

/* a program does not change between a request and its retry, an address does */
static PgtcContextDifference
difference_of(const PgtcRequestContext *a, const PgtcRequestContext *b)
{
	PgtcAddress address_a;
	PgtcAddress address_b;

	if (!same_member(a->user_agent, b->user_agent) || !same_member(a->device_id, b->device_id))
		return PGTC_CONTEXT_OTHER_CLIENT;
	if (same_member(a->ip, b->ip) ||
		(pgtc_address_parse(a->ip, &address_a) == PGTC_OK &&
		 pgtc_address_parse(b->ip, &address_b) == PGTC_OK &&
		 pgtc_address_same_network(&address_a, &address_b, IPV4_PREFIX, IPV6_PREFIX)))
		return PGTC_CONTEXT_SAME;
	return PGTC_CONTEXT_OTHER_ADDRESS;
}

/* what tells a context from another, in a length of its own */
static PgtcCode
print_of(PgtcContextDifference difference, const PgtcRequestContext *context,
		 uint8_t out[PGTC_CONTEXT_PRINT_LEN])
{
	uint8_t members[MEMBERS_PER_PRINT][PGTC_SHA256_LEN] = {{0}};
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcCode code;

	if (difference == PGTC_CONTEXT_OTHER_ADDRESS)
		code = address_hash(context->ip, members[0]);
	else
	{
		code = member_hash(context->user_agent, members[0]);
		if (code == PGTC_OK)
			code = member_hash(context->device_id, members[1]);
	}
	if (code == PGTC_OK)
		code = pgtc_sha256(members, sizeof(members), hash);
	if (code == PGTC_OK)
		memcpy(out, hash, PGTC_CONTEXT_PRINT_LEN);
	return code;
}

/* of its network; of what is no address, as it is written */
static PgtcCode
address_hash(PgtcSlice ip, uint8_t out[PGTC_SHA256_LEN])
{
	PgtcAddress address;

	if (pgtc_address_parse(ip, &address) != PGTC_OK)
		return member_hash(ip, out);
	return pgtc_sha256(address.bytes,
					   address.bits == IPV4_PREFIX ? IPV4_PREFIX / 8 : IPV6_PREFIX / 8, out);
}

/* zeros for none, which an empty string is not */
static PgtcCode
member_hash(PgtcSlice member, uint8_t out[PGTC_SHA256_LEN])
{
	if (member.data == NULL)
		return PGTC_OK;
	return pgtc_sha256(member.data, member.len, out);
}

/* -1: neither of the two */
static int
place_of(const PgtcLockstep *lockstep, const uint8_t print[PGTC_CONTEXT_PRINT_LEN])
{
	for (int i = 0; i < 2; i++)
	{
		if (memcmp(lockstep->prints[i], print, PGTC_CONTEXT_PRINT_LEN) == 0)
			return i;
	}
	return -1;
}

static bool
same_member(PgtcSlice a, PgtcSlice b)
{
	return (a.data == NULL) == (b.data == NULL) && pgtc_slice_equal(a, b);
}

static void
put_uint32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t) (value >> (24 - 8 * i));
}

static uint32_t
get_uint32(const uint8_t *in)
{
	return (uint32_t) in[0] << 24 | (uint32_t) in[1] << 16 | (uint32_t) in[2] << 8 | in[3];
}
