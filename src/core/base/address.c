/*
 * address.c
 *		IP addresses and networks in text (RFC 791, RFC 4291, RFC 4632).
 *
 * An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address it
 * maps: which of the two a server sees depends on how its socket was made, not
 * on who calls.  For the same reason no IPv6 network contains one, ::/0 included.
 */
#include <arpa/inet.h>

#include "core/base/address.h"
#include "core/base/text.h"

#define MAPPED_PREFIX 96

/*
 * Dotted decimal without leading zeros, or RFC 4291 section 2.2.  Zone ids name
 * an interface of one host and are refused.
 */
static PgtcCode
text_parse(PgtcSlice in, PgtcAddress *out)
{
	char text[INET6_ADDRSTRLEN];

	memset(out, 0, sizeof(*out));
	if (in.len == 0 || in.len >= sizeof(text) || memchr(in.data, '\0', in.len) != NULL)
		return PGTC_E_MALFORMED;
	memcpy(text, in.data, in.len);
	text[in.len] = '\0';

	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->bits = 32;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->bits = 128;
	else
	{
		memset(out, 0, sizeof(*out));
		return PGTC_E_MALFORMED;
	}
	return PGTC_OK;
}

/* are the first n bits the same? */
static bool
bits_equal(const uint8_t *a, const uint8_t *b, int n)
{
	int whole = n / 8;
	int rest = n % 8;

	if (memcmp(a, b, (size_t) whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) & (uint8_t) (0xff << (8 - rest))) == 0;
}

/* true when the address was a mapped one; it is of IPv4 from then on */
static bool
unmap(PgtcAddress *address)
{
	static const uint8_t mapped[MAPPED_PREFIX / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (address->bits != 128 || !bits_equal(address->bytes, mapped, MAPPED_PREFIX))
		return false;
	memmove(address->bytes, address->bytes + sizeof(mapped), 4);
	memset(address->bytes + 4, 0, sizeof(address->bytes) - 4);
	address->bits = 32;
	return true;
}

PgtcCode
pgtc_address_parse(PgtcSlice in, PgtcAddress *out)
{
	PgtcCode code = text_parse(in, out);

	if (code == PGTC_OK)
		unmap(out);
	return code;
}

PgtcSlice
pgtc_address_last(PgtcSlice list)
{
	PgtcAddress address;
	size_t start = list.len;

	while (start > 0 && list.data[start - 1] != ',')
		start--;
	while (start < list.len && list.data[start] == ' ')
		start++;
	list = pgtc_slice(list.data + start, list.len - start);
	return text_parse(list, &address) == PGTC_OK ? list : pgtc_slice(NULL, 0);
}

/* 0, or digits that do not begin with one; at most three */
static PgtcCode
prefix_parse(PgtcSlice in, int *out)
{
	*out = (int) pgtc_text_number(in, 999);
	return *out < 0 || in.len > 3 || (in.len > 1 && in.data[0] == '0') ? PGTC_E_MALFORMED : PGTC_OK;
}

static bool
bits_clear_from(const PgtcAddress *address, int prefix)
{
	int i;

	for (i = prefix; i < address->bits; i++)
	{
		if (address->bytes[i / 8] & (0x80 >> i % 8))
			return false;
	}
	return true;
}

PgtcCode
pgtc_address_parse_network(PgtcSlice in, PgtcNetwork *out)
{
	const char *slash = in.len > 0 ? memchr(in.data, '/', in.len) : NULL;
	PgtcSlice address = in;
	PgtcCode code;

	memset(out, 0, sizeof(*out));
	if (slash != NULL)
		address.len = (size_t) (slash - in.data);
	code = text_parse(address, &out->address);
	out->prefix = out->address.bits;
	if (code == PGTC_OK && slash != NULL)
		code = prefix_parse(pgtc_slice(slash + 1, in.len - address.len - 1), &out->prefix);
	if (code == PGTC_OK &&
		(out->prefix > out->address.bits || !bits_clear_from(&out->address, out->prefix)))
		code = PGTC_E_MALFORMED;
	if (code != PGTC_OK)
	{
		memset(out, 0, sizeof(*out));
		return code;
	}

	/* with no bit set right of it, the prefix of a mapped network covers the mapping */
	if (unmap(&out->address))
		out->prefix -= MAPPED_PREFIX;
	return PGTC_OK;
}

bool
pgtc_address_in_network(const PgtcNetwork *network, const PgtcAddress *address)
{
	return address->bits != 0 && address->bits == network->address.bits &&
		   bits_equal(network->address.bytes, address->bytes, network->prefix);
}

bool
pgtc_address_same_network(const PgtcAddress *a, const PgtcAddress *b, int ipv4_prefix,
						  int ipv6_prefix)
{
	if (a->bits == 0 || a->bits != b->bits)
		return false;
	return bits_equal(a->bytes, b->bytes, a->bits == 32 ? ipv4_prefix : ipv6_prefix);
}

/* the next one of the list; PGTC_E_MALFORMED */
static PgtcCode
next_network(PgtcSlice *networks, PgtcNetwork *out)
{
	return pgtc_address_parse_network(pgtc_slice_trim(pgtc_slice_take(networks, ','), " \t"), out);
}

bool
pgtc_address_networks_valid(PgtcSlice networks)
{
	PgtcNetwork network;

	while (networks.len > 0)
	{
		if (next_network(&networks, &network) != PGTC_OK)
			return false;
	}
	return true;
}

bool
pgtc_address_in_networks(PgtcSlice networks, const PgtcAddress *address)
{
	bool found = false;
	PgtcNetwork network;

	while (networks.len > 0)
	{
		if (next_network(&networks, &network) != PGTC_OK)
			return false;
		found = found || pgtc_address_in_network(&network, address);
	}
	return found;
}
