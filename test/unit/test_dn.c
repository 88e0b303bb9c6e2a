/*
 * test_dn.c
 *		Distinguished names that are the same, and that are not.
 */
#include <stdlib.h>

#include "unit.h"

static PgtcCode
normal_of(PgtcSlice dn, PgtcBuf *out)
{
	pgtc_buf_init(out, &unit_mem);
	return pgtc_dn_normalise(dn, &unit_mem, out);
}

/* RFC 4514: the strings of each group stand for one name, those of two groups never */
static void
spellings(void)
{
	static const char *const groups[][10] = {
		{"CN=rp,O=Example", "cn=rp,o=Example", "CN=rp, O=Example", "CN = rp ,O= Example ",
		 "commonName=rp,organizationName=Example", "2.5.4.3=rp,2.5.4.10=Example",
		 "OID.2.5.4.3=rp,oid.2.5.4.10=Example", "CN=#0c027270,O=Example", "CN=#13027270,O=Example",
		 "CN=\\72\\70,O=\\45xample"},
		{"O=Example,CN=rp"},
		{"CN=RP,O=Example"},
		{"CN=rp,O=example"},
		{"CN=rp+O=Example", "O=Example+CN=rp", "o=Example + cn=rp"},
		{"CN=rp"},
		{"CN=a b", "CN=a\\ b", "CN=a\\20b"},
		{"CN=a  b"},
		{"CN=\\ rp", "CN=\\20rp"},
		{"CN=rp\\ ", "CN=rp\\20", "CN=rp\\  "},
		{"CN=a\\,O\\=b", "CN=a\\2CO=b", "CN=a\\2cO\\3Db"},
		{"CN=a,O=b"},
		{"CN=\\#0c01", "CN=\\230c01"},
		{"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87", "CN=#0c074c75c48d69c487",
		 "CN=#1e0a004c0075010d00690107"},
		{"UID=jsmith,DC=example,DC=net", "uid=jsmith,dc=example,dc=net",
		 "0.9.2342.19200300.100.1.1=jsmith,DC=example,DC=net", "userId=jsmith,DC=example,DC=net"},
		{"uniqueIdentifier=jsmith,DC=example,DC=net"},
		{"E=a@b.example", "emailAddress=a@b.example", "EMAILADDRESS=a@b.example",
		 "1.2.840.113549.1.9.1=#160b6140622e6578616d706c65"},
		{"1.3.6.1.4.1.1466.0=#04024869"},
		{"1.3.6.1.4.1.1466.0=Hi", "1.3.6.1.4.1.1466.0=#0c024869"},
		{"CN="},
		{"OU=x+OU=y", "OU=y+OU=x"},
		{"OU=x,OU=y"},
		{"STREET=1 High St", "streetAddress=1 High St"},
		{"ST=1 High St", "stateOrProvinceName=1 High St"},
	};
	size_t n = sizeof(groups) / sizeof(groups[0]);
	size_t i;
	size_t j;
	size_t other;

	for (i = 0; i < n; i++)
	{
		for (j = 0; j < 10 && groups[i][j] != NULL; j++)
		{
			PgtcBuf one;

			CHECK_CODE(normal_of(pgtc_slice_str(groups[i][j]), &one), PGTC_OK);
			for (other = 0; other < n; other++)
			{
				PgtcBuf two;

				CHECK_CODE(normal_of(pgtc_slice_str(groups[other][0]), &two), PGTC_OK);
				unit_check(pgtc_slice_equal(pgtc_slice(one.data, one.len),
											pgtc_slice(two.data, two.len)) == (other == i),
						   groups[i][j], (int) other);
				pgtc_buf_free(&two);
			}
			pgtc_buf_free(&one);
		}
	}
}

/* Attack: what two readers take apart in two ways. */
static void
refusals(void)
{
	static const char *const bad[] = {
		"",
		"rp",
		"CN",
		"=rp",
		",CN=rp",
		"CN=rp,",
		"CN=rp,,O=x",
		"CN=rp+",
		"+CN=rp",
		"XYZZY=rp",
		"CN=a;O=b",
		"CN=\"a\"",
		"CN=a<b",
		"CN=a>b",
		"CN=a\\",
		"CN=a\\x",
		"CN=a\\2",
		"CN=#",
		"CN=#0c",
		"CN=#0c0272",
		"CN=#0c027270ff",
		"CN=#0g",
		"CN=#0c02727",
		"1..2=x",
		"1=x",
		"9.9.9=x",
		"2.5.4.=x",
		"CN=rp O=x=,",
		"CN==,=",
		"OID.=x",
		"Oxy.CN=x",
		"o12.2.5.4.3=x",
		"2.05.4.3=x",
		"2=x",
		"2.5.4.3.=x",
	};
	static char large[PGTC_DN_MAX + 1];
	PgtcBuf out;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		PgtcCode code = normal_of(pgtc_slice_str(bad[i]), &out);

		unit_check(code == PGTC_E_MALFORMED && out.len == 0, bad[i], (int) code);
		pgtc_buf_free(&out);
	}
	CHECK_CODE(normal_of(pgtc_slice("CN=a\0b", 6), &out), PGTC_E_MALFORMED);
	pgtc_buf_free(&out);
	memset(large, 'a', sizeof(large));
	memcpy(large, "CN=", 3);
	CHECK_CODE(normal_of(pgtc_slice(large, PGTC_DN_MAX), &out), PGTC_OK);
	pgtc_buf_free(&out);
	CHECK_CODE(normal_of(pgtc_slice(large, PGTC_DN_MAX + 1), &out), PGTC_E_TOO_LONG);
	pgtc_buf_free(&out);
	/* seventeen attributes in one RDN */
	CHECK_CODE(
		normal_of(LITERAL("OU=1+OU=2+OU=3+OU=4+OU=5+OU=6+OU=7+OU=8+OU=9+OU=10+OU=11+OU=12+OU=13+"
						  "OU=14+OU=15+OU=16+OU=17"),
				  &out),
		PGTC_E_TOO_LONG);
	pgtc_buf_free(&out);
}

/* it is appended, and what was there stays where it fails */
static void
appending(void)
{
	PgtcBuf out;

	pgtc_buf_init(&out, &unit_mem);
	pgtc_buf_append_str(&out, "x");
	CHECK_CODE(pgtc_dn_normalise(LITERAL("CN=a,b"), &unit_mem, &out), PGTC_E_MALFORMED);
	CHECK(out.len == 1);
	CHECK_CODE(pgtc_dn_normalise(LITERAL("CN=a"), &unit_mem, &out), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_slice(out.data, out.len), LITERAL("x2.5.4.3=61")));
	pgtc_buf_free(&out);
}

void
test_dn(void)
{
	spellings();
	refusals();
	appending();
}
