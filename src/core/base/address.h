/*
 * address.h
 *		IP addresses and networks in text (RFC 791, RFC 4291, RFC 4632).
 */
#ifndef PGT_CORE_ADDRESS_H
#define PGT_CORE_ADDRESS_H

#include "core/base/code.h"
#include "core/base/slice.h"

typedef struct PgtcAddress
{
	int bits; /* 32 or 128; 0: none */
	uint8_t bytes[16]; /* network order */
} PgtcAddress;

typedef struct PgtcNetwork
{
	PgtcAddress address;
	int prefix;
} PgtcNetwork;

/* one IPv4 or IPv6 address in text; an IPv4-mapped IPv6 one becomes IPv4; PGTC_E_MALFORMED */
extern PgtcCode pgtc_address_parse(PgtcSlice in, PgtcAddress *out);

/*
 * The last element of a list in a header: what the nearest proxy has seen and appended
 * itself.  data == NULL: it is no address.
 */
extern PgtcSlice pgtc_address_last(PgtcSlice list);

/* address "/" prefix, or a bare address; PGTC_E_MALFORMED, also for bits set right of the prefix */
extern PgtcCode pgtc_address_parse_network(PgtcSlice in, PgtcNetwork *out);
extern bool pgtc_address_in_network(const PgtcNetwork *network, const PgtcAddress *address);

/* networks separated by commas, as in a setting: can each be read?  There may be none */
extern bool pgtc_address_networks_valid(PgtcSlice networks);

/* false, too, when the list cannot be read */
extern bool pgtc_address_in_networks(PgtcSlice networks, const PgtcAddress *address);

/* false when they are of different versions */
extern bool pgtc_address_same_network(const PgtcAddress *a, const PgtcAddress *b, int ipv4_prefix,
									  int ipv6_prefix);

#endif /* PGT_CORE_ADDRESS_H */
