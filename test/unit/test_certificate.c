/*
 * test_certificate.c
 *		Client certificates in headers: RFC 9440 and escaped PEM.
 */
#include <stdlib.h>

#include "core/jose/certificate_san.h"
#include "core/jose/jwks.h"
#include "unit.h"
#include "vectors.h"

#define BEGIN "-----BEGIN%20CERTIFICATE-----%0A"
#define END "-----END%20CERTIFICATE-----"
#define PEM BEGIN RFC8705_PEM_BODY END

static PgtcCode
read_certificate(PgtcSlice value, const char *thumbprint, const char *subject)
{
	char got[44];
	PgtcBuf dn;
	PgtcBuf normal;
	PgtcBuf expected;
	PgtcCode code;

	pgtc_buf_init(&dn, &unit_mem);
	pgtc_buf_init(&normal, &unit_mem);
	pgtc_buf_init(&expected, &unit_mem);
	pgtc_buf_append_str(&dn, "before:");
	code = pgtc_certificate_read(value, &unit_mem, got, &dn, &normal);
	if (code == PGTC_OK)
	{
		CHECK(strcmp(got, thumbprint) == 0);
		CHECK(pgtc_slice_equal(pgtc_slice(dn.data + 7, dn.len - 7), pgtc_slice_str(subject)));
		CHECK_CODE(pgtc_dn_normalise(pgtc_slice_str(subject), &unit_mem, &expected), PGTC_OK);
		CHECK(pgtc_slice_equal(pgtc_slice(normal.data, normal.len),
							   pgtc_slice(expected.data, expected.len)));
	}
	else
		CHECK(got[0] == '\0' && dn.len == 7 && normal.len == 0);
	/* who asks for its thumbprint alone */
	CHECK_CODE(pgtc_certificate_read(value, &unit_mem, got, NULL, NULL), code);
	CHECK(strcmp(got, code == PGTC_OK ? thumbprint : "") == 0);
	pgtc_buf_free(&dn);
	pgtc_buf_free(&normal);
	pgtc_buf_free(&expected);
	return code;
}

static PgtcCode
refused(const char *value)
{
	return read_certificate(pgtc_slice_str(value), "", "");
}

/* RFC 8705 appendix A, and a subject that RFC 4514 has much to say about */
static void
vectors(void)
{
	static const char plain[] =
		"-----BEGIN CERTIFICATE-----\n" RFC8705_PEM_BODY "-----END CERTIFICATE-----\n";

	CHECK_CODE(read_certificate(LITERAL(":" RFC8705_CERTIFICATE ":"), RFC8705_X5T_S256, "CN=mtls"),
			   PGTC_OK);
	CHECK_CODE(read_certificate(LITERAL(PEM), RFC8705_X5T_S256, "CN=mtls"), PGTC_OK);
	CHECK_CODE(read_certificate(LITERAL(PEM "%0A"), RFC8705_X5T_S256, "CN=mtls"), PGTC_OK);
	CHECK_CODE(read_certificate(LITERAL(PEM "%0d%0a%20%09"), RFC8705_X5T_S256, "CN=mtls"), PGTC_OK);
	CHECK_CODE(read_certificate(LITERAL(plain), RFC8705_X5T_S256, "CN=mtls"), PGTC_OK);
	CHECK_CODE(read_certificate(LITERAL(":" OTHER_CERTIFICATE ":"), OTHER_X5T_S256, OTHER_SUBJECT),
			   PGTC_OK);
}

/* Attack: more than one certificate, of which two readers take two. */
static void
one_only(void)
{
	char longer[] = ":" RFC8705_CERTIFICATE ":";

	CHECK_CODE(refused(PEM "%0A" PEM), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%0Ax"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "x"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(BEGIN "x" RFC8705_PEM_BODY END), PGTC_E_MALFORMED);
	CHECK_CODE(refused("x%0A" PEM), PGTC_E_MALFORMED);
	CHECK_CODE(refused("%0A" PEM), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%00"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%0B"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%C2%A0"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(":" RFC8705_CERTIFICATE ":" RFC8705_CERTIFICATE ":"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(":" RFC8705_CERTIFICATE "AAAA:"), PGTC_E_MALFORMED);
	/* a byte behind the DER, which takes the place of the padding */
	CHECK(longer[sizeof(longer) - 3] == '=');
	longer[sizeof(longer) - 3] = 'A';
	CHECK_CODE(refused(longer), PGTC_E_MALFORMED);
}

static void
refusals(void)
{
	char *large = malloc(PGTC_CERTIFICATE_MAX + 1);

	CHECK_CODE(refused(""), PGTC_E_MALFORMED);
	CHECK_CODE(refused(":"), PGTC_E_MALFORMED);
	CHECK_CODE(refused("::"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(":" RFC8705_CERTIFICATE), PGTC_E_MALFORMED);
	CHECK_CODE(refused(RFC8705_CERTIFICATE), PGTC_E_MALFORMED);
	CHECK_CODE(refused(":AAAA:"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(": " RFC8705_CERTIFICATE ":"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(BEGIN END), PGTC_E_MALFORMED);
	CHECK_CODE(refused(BEGIN RFC8705_PEM_BODY), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%2"), PGTC_E_MALFORMED);
	CHECK_CODE(refused(PEM "%gg"), PGTC_E_MALFORMED);
	/* other things that PEM holds, and what asks for a passphrase */
	CHECK_CODE(refused(RFC8037_PEM), PGTC_E_MALFORMED);
	CHECK_CODE(refused("-----BEGIN TRUSTED CERTIFICATE-----%0A" RFC8705_PEM_BODY
					   "-----END TRUSTED CERTIFICATE-----"),
			   PGTC_E_MALFORMED);
	CHECK_CODE(refused(BEGIN "Proc-Type: 4,ENCRYPTED%0ADEK-Info: AES-128-CBC,"
							 "00000000000000000000000000000000%0A%0A" RFC8705_PEM_BODY END),
			   PGTC_E_MALFORMED);

	memset(large, ':', PGTC_CERTIFICATE_MAX + 1);
	CHECK_CODE(read_certificate(pgtc_slice(large, PGTC_CERTIFICATE_MAX), "", ""), PGTC_E_MALFORMED);
	CHECK_CODE(read_certificate(pgtc_slice(large, PGTC_CERTIFICATE_MAX + 1), "", ""),
			   PGTC_E_TOO_LONG);
	free(large);
}

/* CN=rp; RP.example, *.wild.example, spiffe://example/rp, 192.0.2.1, 2001:db8::1, rp@Mail.Example */
#define SAN_CERTIFICATE                                                            \
	"MIIBlTCCAUegAwIBAgIUXymYeIQUmZvp62IoY3jXHDWwsAUwBQYDK2VwMA0xCzAJBgNVBAMMAnJw" \
	"MCAXDTI2MTEyOTAxNDU0M1oYDzIxMjYxMTA1MDE0NTQzWjANMQswCQYDVQQDDAJycDAqMAUGAytl" \
	"cAMhADtBH7nu8udLx5xrzd1c33jkdk15Sy1XAoBWGxmytNfno4G2MIGzMB0GA1UdDgQWBBRA7x5U" \
	"OON1nCgEtI3DBowczuIe+DAfBgNVHSMEGDAWgBRA7x5UOON1nCgEtI3DBowczuIe+DBjBgNVHREE" \
	"XDBaggpSUC5leGFtcGxlgg4qLndpbGQuZXhhbXBsZYYTc3BpZmZlOi8vZXhhbXBsZS9ycIcEwAAC" \
	"AYcQIAENuAAAAAAAAAAAAAAAAYEPcnBATWFpbC5FeGFtcGxlMAwGA1UdEwEB/wQCMAAwBQYDK2Vw" \
	"A0EAeq6xjmyVXL+4pZc+irH0HSE+soGnLmnyV9dQ/NmZUKJ8UZ0yLRJTALZ4MFGnax4dUwPibXcs" \
	"u5/wVU1akmUgDw=="

static bool
has_san(PgtcSanKind kind, const char *name)
{
	bool has;

	CHECK_CODE(pgtc_certificate_san_match(LITERAL(":" SAN_CERTIFICATE ":"), &unit_mem, kind,
										  pgtc_slice_str(name), &has),
			   PGTC_OK);
	return has;
}

/* RFC 8705 section 2.1.2: each kind by its own rules of comparison (C137) */
static void
alternative_names(void)
{
	static const char *const hosts[] = {"",		 ".",		   "a.",	  ".a",			 "a..b",
										"-a.b",	 "a-.b",	   "a.b-",	  "*.a",		 "a_b",
										"a b.c", "http://a.b", "a.b:443", "a\xc3\xa4.b", "a.b/"};
	static const char *const mailboxes[] = {"",		"a",	 "@a.b",  "a@",
											"a@@b", "a@b@c", "a b@c", "a@*.b"};
	bool has = true;
	size_t i;

	CHECK(has_san(PGTC_SAN_DNS, "rp.example"));
	CHECK(has_san(PGTC_SAN_DNS, "RP.EXAMPLE"));
	CHECK(!has_san(PGTC_SAN_DNS, "rp.example.evil"));
	CHECK(!has_san(PGTC_SAN_DNS, "example"));
	/* Attack: a certificate for all hosts of a domain is that of a client which has one of them. */
	CHECK(!has_san(PGTC_SAN_DNS, "a.wild.example"));
	CHECK(!has_san(PGTC_SAN_DNS, "*.wild.example"));
	CHECK(has_san(PGTC_SAN_URI, "spiffe://example/rp"));
	CHECK(!has_san(PGTC_SAN_URI, "spiffe://example/RP"));
	CHECK(!has_san(PGTC_SAN_URI, "spiffe://example/r"));
	CHECK(has_san(PGTC_SAN_IP, "192.0.2.1"));
	CHECK(has_san(PGTC_SAN_IP, "2001:db8::1"));
	CHECK(has_san(PGTC_SAN_IP, "2001:0DB8:0:0:0:0:0:1"));
	CHECK(!has_san(PGTC_SAN_IP, "192.0.2.2"));
	CHECK(!has_san(PGTC_SAN_IP, "2001:db8::2"));
	CHECK(has_san(PGTC_SAN_EMAIL, "rp@mail.example"));
	CHECK(!has_san(PGTC_SAN_EMAIL, "RP@mail.example"));
	/* Attack: a name of one kind passes for one of another. */
	CHECK(!has_san(PGTC_SAN_DNS, "rp"));
	CHECK(!has_san(PGTC_SAN_URI, "rp.example"));
	CHECK(!has_san(PGTC_SAN_DNS, "192.0.2.1"));
	CHECK(!has_san(PGTC_SAN_EMAIL, "rp.example"));
	CHECK_CODE(pgtc_certificate_san_match(LITERAL(":" OTHER_CERTIFICATE ":"), &unit_mem,
										  PGTC_SAN_DNS, LITERAL("rp.example"), &has),
			   PGTC_OK);
	CHECK(!has);
	CHECK_CODE(pgtc_certificate_san_match(LITERAL(":AAAA:"), &unit_mem, PGTC_SAN_DNS,
										  LITERAL("rp.example"), &has),
			   PGTC_E_MALFORMED);
	CHECK(!has);
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		CHECK(!pgtc_certificate_san_valid(PGTC_SAN_DNS, pgtc_slice_str(hosts[i])));
	for (i = 0; i < sizeof(mailboxes) / sizeof(mailboxes[0]); i++)
		CHECK(!pgtc_certificate_san_valid(PGTC_SAN_EMAIL, pgtc_slice_str(mailboxes[i])));
	CHECK(!pgtc_certificate_san_valid(PGTC_SAN_IP, LITERAL("192.0.2.0/24")));
	CHECK(!pgtc_certificate_san_valid(PGTC_SAN_URI, LITERAL("//example/rp")));
	CHECK(pgtc_certificate_san_valid(PGTC_SAN_DNS, LITERAL("xn--bcher-kva.example")));
}

/* RFC 8705 section 2.2: the certificate itself is registered, by x5c or x5t#S256 (C138) */
static void
of_keys(void)
{
	static const char other[] = "{\"keys\":[{\"x5t#S256\":\"" OTHER_X5T_S256 "\"}]}";
	static const char chain[] =
		"{\"keys\":[{},7,{\"x5c\":[\"" RFC8705_CERTIFICATE "\",\"" OTHER_CERTIFICATE "\"]}]}";
	static const char *const none[] = {"{\"keys\":[]}",
									   "[]",
									   "{\"keys\":[{\"x5c\":[]}]}",
									   "{\"keys\":[{\"x5c\":[7]}]}",
									   "{\"keys\":[{\"x5c\":\"" RFC8705_CERTIFICATE "\"}]}",
									   "{\"keys\":[{\"x5c\":[\"\"],\"x5t#S256\":\"" RFC8705_X5T_S256
									   "\"}]}",
									   "{\"keys\":[{\"x5t\":\"" RFC8705_X5T_S256 "\"}]}"};
	size_t i;

	CHECK(pgtc_jwks_has_certificate(LITERAL(chain), RFC8705_X5T_S256, &unit_mem));
	/* Attack: whoever has signed the certificate is taken for its owner. */
	CHECK(!pgtc_jwks_has_certificate(LITERAL(chain), OTHER_X5T_S256, &unit_mem));
	CHECK(pgtc_jwks_has_certificate(LITERAL(other), OTHER_X5T_S256, &unit_mem));
	CHECK(!pgtc_jwks_has_certificate(LITERAL(other), RFC8705_X5T_S256, &unit_mem));
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!pgtc_jwks_has_certificate(pgtc_slice_str(none[i]), RFC8705_X5T_S256, &unit_mem));
}

void
test_certificate(void)
{
	vectors();
	alternative_names();
	of_keys();
	one_only();
	refusals();
}
