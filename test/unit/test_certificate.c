/*
 * test_certificate.c
 *		Client certificates in headers: RFC 9440 and escaped PEM.
 */
#include <stdlib.h>

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

void
test_certificate(void)
{
	vectors();
	one_only();
	refusals();
}
