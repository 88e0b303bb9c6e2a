/*
 * test_address.c
 *		IP addresses and networks.
 */
#include "unit.h"

static PgtcAddress
address(const char *text)
{
	PgtcAddress out;

	CHECK_CODE(pgtc_address_parse(pgtc_slice_str(text), &out), PGTC_OK);
	return out;
}

static void
addresses(void)
{
	static const char *const refused[] = {
		"",
		" ",
		"1.2.3",
		"1.2.3.4.5",
		"256.1.1.1",
		"1.2.3.04",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4/32",
		"0x1.2.3.4",
		"16909060",
		"::1%lo",
		"fe80::1%eth0",
		"[::1]",
		"::1::",
		"1:2:3:4:5:6:7",
		"g::",
		"localhost",
		"::ffff:1.2.3",
		"1.2.3.4:80",
		"::1/128",
		/* one byte more than the longest */
		"0000:0000:0000:0000:0000:0000:0000:255.255.255.255",
	};
	static const uint8_t v4[16] = {192, 0, 2, 1};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	PgtcAddress got;
	size_t i;

	got = address("192.0.2.1");
	CHECK(got.bits == 32 && memcmp(got.bytes, v4, 16) == 0);
	got = address("2001:DB8:0::1");
	CHECK(got.bits == 128 && memcmp(got.bytes, v6, 16) == 0);
	got = address("0000:0000:0000:0000:0000:fffe:255.255.255.255");
	CHECK(got.bits == 128);

	/* Attack: the other spelling of an address to pass for another one. */
	got = address("::ffff:192.0.2.1");
	CHECK(got.bits == 32 && memcmp(got.bytes, v4, 16) == 0);
	got = address("0:0:0:0:0:FFFF:c000:201");
	CHECK(got.bits == 32 && memcmp(got.bytes, v4, 16) == 0);
	/* these are not mapped ones */
	CHECK(address("::fffe:192.0.2.1").bits == 128);
	CHECK(address("::1:ffff:192.0.2.1").bits == 128);
	CHECK(address("::192.0.2.1").bits == 128);

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CHECK_CODE(pgtc_address_parse(pgtc_slice_str(refused[i]), &got), PGTC_E_MALFORMED);
		CHECK(got.bits == 0);
	}
	CHECK_CODE(pgtc_address_parse(pgtc_slice(NULL, 0), &got), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_address_parse(LITERAL("1.2.3.4\0"), &got), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_address_parse(LITERAL("1.2.3.4\0x"), &got), PGTC_E_MALFORMED);
}

static void
networks(void)
{
	static const struct
	{
		const char *network;
		const char *address;
		bool contains;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1/32", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.0", false},
		{"192.0.2.2/31", "192.0.2.3", true},
		{"192.0.2.2/31", "192.0.2.1", false},
		{"192.0.2.2/31", "192.0.2.4", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"128.0.0.0/1", "127.255.255.255", false},
		{"128.0.0.0/1", "128.0.0.0", true},
		{"192.0.2.0/24", "::ffff:192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "192.0.2.7", true},
		{"::ffff:192.0.2.0/120", "192.0.2.255", true},
		{"::ffff:192.0.2.0/120", "192.0.3.7", false},
		{"::ffff:0.0.0.0/96", "8.8.8.8", true},
		{"::ffff:0.0.0.0/96", "::8.8.8.8", false},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "192.0.2.1", false},
		{"::/0", "::ffff:192.0.2.1", false},
		{"::/0", "2001:db8::1", true},
		{"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
		{"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::1", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::2", false},
		{"2001:db8::2/127", "2001:db8::3", true},
	};
	static const char *const refused[] = {
		"",
		"/",
		"/24",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/+8",
		"192.0.2.0/024",
		"192.0.2.0/24 ",
		"192.0.2.0/24/24",
		"192.0.2.0/2a",
		"192.0.2.0/255.255.255.0",
		"192.0.2.0/4294967320",
		"192.0.2/24",
		"192.0.2.1/24",
		"192.0.2.1/31",
		"192.0.2.0/0",
		"2001:db8::1/127",
		"2001:db8::/129",
		"2001:db8::/1000",
		"2001:db8::/28",
		"::ffff:0.0.0.0/95",
		"::ffff:192.0.2.1/120",
		"::ffff:192.0.2.0/24",
		"::1%lo/128",
	};
	PgtcNetwork network;
	PgtcAddress none = {0};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PgtcAddress one = address(cases[i].address);

		CHECK_CODE(pgtc_address_parse_network(pgtc_slice_str(cases[i].network), &network), PGTC_OK);
		CHECK(pgtc_address_in_network(&network, &one) == cases[i].contains);
		CHECK(!pgtc_address_in_network(&network, &none));
	}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		CHECK_CODE(pgtc_address_parse_network(pgtc_slice_str(refused[i]), &network),
				   PGTC_E_MALFORMED);
		CHECK(network.address.bits == 0 && network.prefix == 0);
	}
	CHECK_CODE(pgtc_address_parse_network(pgtc_slice(NULL, 0), &network), PGTC_E_MALFORMED);
}

static bool
same(const char *a, const char *b, int ipv4_prefix, int ipv6_prefix)
{
	PgtcAddress one = address(a);
	PgtcAddress other = address(b);
	bool result = pgtc_address_same_network(&one, &other, ipv4_prefix, ipv6_prefix);

	CHECK(pgtc_address_same_network(&other, &one, ipv4_prefix, ipv6_prefix) == result);
	return result;
}

static void
same_network(void)
{
	PgtcAddress none = {0};

	CHECK(same("192.0.2.1", "192.0.2.254", 24, 48));
	CHECK(!same("192.0.2.1", "192.0.3.1", 24, 48));
	CHECK(same("192.0.2.1", "192.0.3.1", 23, 48));
	CHECK(!same("192.0.2.1", "192.0.2.2", 32, 1));
	CHECK(same("192.0.2.1", "192.0.2.1", 32, 1));
	CHECK(same("127.0.0.1", "1.0.0.1", 1, 128) && !same("127.0.0.1", "128.0.0.1", 1, 128));
	CHECK(same("192.0.2.1", "::ffff:192.0.2.9", 24, 48));
	CHECK(same("2001:db8:1:1::1", "2001:db8:1:2::1", 24, 48));
	CHECK(!same("2001:db8:1::1", "2001:db8:2::1", 1, 48));
	CHECK(same("2001:db8:1::1", "2001:db8:0::1", 1, 47));
	CHECK(!same("2001:db8::1", "2001:db8::2", 1, 127));
	CHECK(!same("2001:db8::1", "192.0.2.1", 1, 1));
	CHECK(!same("::192.0.2.1", "192.0.2.1", 1, 1));
	CHECK(!pgtc_address_same_network(&none, &none, 24, 48));
}

static bool
last_is(const char *list, const char *expected)
{
	PgtcSlice last = pgtc_address_last(pgtc_slice_str(list));

	return expected == NULL ? last.data == NULL
							: last.data != NULL && pgtc_slice_equal(last, pgtc_slice_str(expected));
}

/* Attack: a client that names an address itself, in front of what its proxy appends. */
static void
last_of_list(void)
{
	CHECK(last_is("192.0.2.1", "192.0.2.1"));
	CHECK(last_is("10.0.0.1, 192.0.2.1", "192.0.2.1"));
	CHECK(last_is("10.0.0.1,2001:db8::1", "2001:db8::1"));
	CHECK(last_is("unknown,   192.0.2.1", "192.0.2.1"));
	CHECK(last_is("10.0.0.1,", NULL) && last_is("10.0.0.1, ", NULL));
	CHECK(last_is("10.0.0.1, 192.0.2.1 ", NULL) && last_is("10.0.0.1, 192.0.2.1:80", NULL));
	CHECK(last_is("10.0.0.1, unknown", NULL) && last_is("10.0.0.1, [::1]", NULL));
	CHECK(last_is("", NULL) && last_is(",", NULL));
	CHECK(pgtc_address_last(pgtc_slice(NULL, 0)).data == NULL);
}

static bool
in(const char *networks, const char *text)
{
	PgtcAddress address;

	CHECK(pgtc_address_parse(pgtc_slice_str(text), &address) == PGTC_OK);
	return pgtc_address_in_networks(pgtc_slice_str(networks), &address);
}

/* Attack: a list that is read half is taken for one that lets more in, or everybody. */
static void
list_of_networks(void)
{
	CHECK(in("10.0.0.0/8, 2001:db8::/32", "10.9.8.7") &&
		  in("10.0.0.0/8,2001:db8::/32", "2001:db8::1"));
	CHECK(!in("10.0.0.0/8, 2001:db8::/32", "11.0.0.1") && in("192.0.2.1", "192.0.2.1"));
	CHECK(!in("", "10.0.0.1") && !in(",", "10.0.0.1") && !in("10.0.0.0/8,x", "10.0.0.1"));
	CHECK(in("10.0.0.0/8", "::ffff:10.0.0.1") && !in("::/0", "10.0.0.1"));
	CHECK(pgtc_address_networks_valid(pgtc_slice_str("")));
	CHECK(pgtc_address_networks_valid(pgtc_slice_str("10.0.0.0/8 ,\t::1")));
	CHECK(!pgtc_address_networks_valid(pgtc_slice_str("10.0.0.0/8 ::1")));
	CHECK(!pgtc_address_networks_valid(pgtc_slice_str("10.0.0.1/8")));
	CHECK(!pgtc_address_networks_valid(pgtc_slice_str("localhost")));
	CHECK(!pgtc_address_networks_valid(pgtc_slice_str(",")));
}

void
test_address(void)
{
	list_of_networks();
	last_of_list();
	addresses();
	networks();
	same_network();
}
