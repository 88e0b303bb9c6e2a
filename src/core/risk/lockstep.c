/*
 * lockstep.c
 *		Is a family used in lockstep from two places?
 */
#include "core/risk/lockstep.h"
#include "core/base/address.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"

/* one household or host, as far as an address says: of IPv6 the interface is anybody's choice */
#define IPV4_PREFIX 32
#define IPV6_PREFIX 64

/* retried ones between two that count: more are the updates of one that is always retried */
#define CLIENTS_GAP_MAX 10

void
pgtc_lockstep_hold(PgtcLockstep *lockstep, uint32_t generation)
{
	PgtcLockstepClients *clients = &lockstep->clients;

	if (clients->generations == 0)
		return;
	if (generation - clients->retried > 1 || generation - clients->generation > CLIENTS_GAP_MAX + 1)
		memset(clients, 0, sizeof(*clients));
	else
		clients->retried = generation;
}

/* of its network; of what is no address, as it is written; zeros for none, which "" is not */
static PgtcCode
print_of(PgtcSlice ip, uint8_t out[PGTC_ADDRESS_PRINT_LEN])
{
	PgtcAddress address;
	uint8_t hash[PGTC_SHA256_LEN] = {0};
	PgtcCode code = PGTC_OK;
	int bits;

	if (pgtc_address_parse(ip, &address) == PGTC_OK)
	{
		bits = address.bits == IPV4_PREFIX ? IPV4_PREFIX : IPV6_PREFIX;
		code = pgtc_crypto_sha256(address.bytes, bits / 8, hash);
	}
	else if (ip.data != NULL)
		code = pgtc_crypto_sha256(ip.data, ip.len, hash);
	if (code == PGTC_OK)
		memcpy(out, hash, PGTC_ADDRESS_PRINT_LEN);
	return code;
}

/* -1: neither of the two */
static int
place_of(const PgtcLockstepAddresses *addresses, const uint8_t print[PGTC_ADDRESS_PRINT_LEN])
{
	for (int i = 0; i < 2; i++)
	{
		if (memcmp(addresses->prints[i], print, PGTC_ADDRESS_PRINT_LEN) == 0)
			return i;
	}
	return -1;
}

static PgtcCode
follow_address(PgtcLockstepAddresses *addresses, uint32_t generation, PgtcSlice rotation,
			   PgtcSlice retry)
{
	uint8_t prints[2][PGTC_ADDRESS_PRINT_LEN];
	int first;
	int second;
	PgtcCode code = print_of(rotation, prints[0]);

	if (code == PGTC_OK)
		code = print_of(retry, prints[1]);
	if (code != PGTC_OK)
		return code;

	first = place_of(addresses, prints[0]);
	second = place_of(addresses, prints[1]);
	if (addresses->generations > 0 && first >= 0 && second >= 0 &&
		generation - addresses->generation <= 1)
	{
		if (generation != addresses->generation && first != addresses->newest)
			addresses->generations++;
		addresses->newest = (uint8_t) second;
	}
	/* a third one beside two that have been at it for longer */
	else if (addresses->generations > 1 && generation == addresses->generation)
		return PGTC_OK;
	else
	{
		addresses->generations = 1;
		addresses->newest = 1;
		memcpy(addresses->prints, prints, sizeof(prints));
	}
	addresses->generation = generation;
	return PGTC_OK;
}

/* once more from where the rotation came from: what counts is who had the last answer */
static PgtcCode
back_at_rotation(PgtcLockstepAddresses *addresses, uint32_t generation, PgtcSlice rotation)
{
	uint8_t print[PGTC_ADDRESS_PRINT_LEN];
	int place;
	PgtcCode code;

	if (addresses->generations == 0 || addresses->generation != generation)
		return PGTC_OK;
	code = print_of(rotation, print);
	place = code == PGTC_OK ? place_of(addresses, print) : -1;
	if (place >= 0)
		addresses->newest = (uint8_t) place;
	return code;
}

/* a program does not change between a request and its retry, an address does */
static bool
same_client(const PgtcRequestContext *a, const PgtcRequestContext *b)
{
	return pgtc_request_context_same_member(a->user_agent, b->user_agent) &&
		   pgtc_request_context_same_member(a->device_id, b->device_id);
}

PgtcCode
pgtc_lockstep_follow(PgtcLockstep *lockstep, uint32_t generation,
					 const PgtcRequestContext *rotation, const PgtcRequestContext *retry)
{
	PgtcLockstepClients *clients = &lockstep->clients;

	pgtc_lockstep_hold(lockstep, generation);
	if (!same_client(rotation, retry))
	{
		if (clients->generations == 0 || clients->generation != generation)
			clients->generations++;
		clients->generation = generation;
		clients->retried = generation;
	}
	if (pgtc_request_context_same_address(rotation->ip, retry->ip, IPV4_PREFIX, IPV6_PREFIX))
		return back_at_rotation(&lockstep->addresses, generation, rotation->ip);
	return follow_address(&lockstep->addresses, generation, rotation->ip, retry->ip);
}

bool
pgtc_lockstep_any(const PgtcLockstep *lockstep)
{
	return lockstep->clients.generations > 0 || lockstep->addresses.generations > 0;
}

uint32_t
pgtc_lockstep_generations(const PgtcLockstep *lockstep, uint32_t generation)
{
	const PgtcLockstepClients *clients = &lockstep->clients;
	const PgtcLockstepAddresses *addresses = &lockstep->addresses;
	uint32_t of_clients = clients->generation == generation ? clients->generations : 0;
	uint32_t of_addresses = addresses->generation == generation ? addresses->generations : 0;

	return of_clients > of_addresses ? of_clients : of_addresses;
}

void
pgtc_lockstep_write(const PgtcLockstep *lockstep, uint8_t out[PGTC_LOCKSTEP_LEN])
{
	pgtc_bytes_put(out, 4, lockstep->clients.generations);
	pgtc_bytes_put(out + 4, 4, lockstep->clients.generation);
	pgtc_bytes_put(out + 8, 4, lockstep->clients.retried);
	pgtc_bytes_put(out + 12, 4, lockstep->addresses.generations);
	pgtc_bytes_put(out + 16, 4, lockstep->addresses.generation);
	out[20] = lockstep->addresses.newest;
	memcpy(out + 21, lockstep->addresses.prints, sizeof(lockstep->addresses.prints));
}

PgtcCode
pgtc_lockstep_read(const uint8_t in[PGTC_LOCKSTEP_LEN], PgtcLockstep *out)
{
	PgtcLockstep read = {
		.clients = {(uint32_t) pgtc_bytes_get(in, 4), (uint32_t) pgtc_bytes_get(in + 4, 4),
					(uint32_t) pgtc_bytes_get(in + 8, 4)},
		.addresses = {.generations = (uint32_t) pgtc_bytes_get(in + 12, 4),
					  .generation = (uint32_t) pgtc_bytes_get(in + 16, 4),
					  .newest = in[20]},
	};

	memset(out, 0, sizeof(*out));
	if (!pgtc_lockstep_any(&read) || read.addresses.newest > 1 ||
		read.clients.generation > read.clients.retried)
		return PGTC_E_MALFORMED;
	memcpy(read.addresses.prints, in + 21, sizeof(read.addresses.prints));
	*out = read;
	return PGTC_OK;
}
