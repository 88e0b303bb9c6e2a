/*
 * user_agent_fuzzer.c
 *		A user agent is some printable family; an address that is read can be
 *		written and read again, and lies in the network it names.
 */
#include <arpa/inet.h>

#include "fuzz.h"
#include "core/base/address.h"
#include "core/risk/user_agent.h"

static void
check_user_agent(PgtcSlice in)
{
	PgtcUserAgent agent;
	char words[PGTC_USER_AGENT_SHOWN];
	size_t i;

	pgtc_user_agent_parse(in, &agent);
	REQUIRE(memchr(agent.family, '\0', sizeof(agent.family)) != NULL);
	REQUIRE(memchr(agent.platform, '\0', sizeof(agent.platform)) != NULL);
	REQUIRE(agent.major >= -1 && agent.major <= 999999999);
	for (i = 0; agent.family[i] != '\0'; i++)
	{
		char c = agent.family[i];

		REQUIRE(c >= ' ' && c <= '~' && !(c >= 'A' && c <= 'Z'));
	}
	pgtc_user_agent_words(&agent, words, sizeof(words));
	REQUIRE(strlen(words) < sizeof(words) - 1);
	for (i = 0; words[i] != '\0'; i++)
		REQUIRE(words[i] >= ' ' && words[i] <= '~');
}

static void
check_address(PgtcSlice in)
{
	char text[INET6_ADDRSTRLEN];
	PgtcAddress address;
	PgtcAddress again;

	if (pgtc_address_parse(in, &address) != PGTC_OK)
	{
		REQUIRE(address.bits == 0);
		return;
	}
	REQUIRE(inet_ntop(address.bits == 32 ? AF_INET : AF_INET6, address.bytes, text, sizeof(text)) !=
			NULL);
	REQUIRE(pgtc_address_parse(pgtc_slice_str(text), &again) == PGTC_OK);
	REQUIRE(again.bits == address.bits && memcmp(again.bytes, address.bytes, 16) == 0);
	REQUIRE(pgtc_address_same_network(&address, &again, 32, 128));
}

static void
check_network(PgtcSlice in)
{
	PgtcNetwork network;
	PgtcAddress other;

	if (pgtc_address_parse_network(in, &network) != PGTC_OK)
	{
		REQUIRE(network.address.bits == 0);
		return;
	}
	REQUIRE(network.prefix >= 0 && network.prefix <= network.address.bits);
	REQUIRE(pgtc_address_in_network(&network, &network.address));
	/* the last bit of the prefix counts, the one after it does not */
	other = network.address;
	if (network.prefix < network.address.bits)
	{
		other.bytes[network.prefix / 8] ^= 0x80 >> network.prefix % 8;
		REQUIRE(pgtc_address_in_network(&network, &other));
	}
	if (network.prefix > 0)
	{
		other.bytes[(network.prefix - 1) / 8] ^= 0x80 >> (network.prefix - 1) % 8;
		REQUIRE(!pgtc_address_in_network(&network, &other));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice in = fuzz_slice(data, size);

	check_user_agent(in);
	check_address(in);
	check_network(in);
	return 0;
}
