/*
 * test_pkcs11_uri.c
 *		URIs that name a private key in hardware.
 */
#include "unit.h"

static void
named(void)
{
	static const char *const taken[] = {
		"pkcs11:token=signing;object=key-1",
		"pkcs11:object=key-1;token=signing",
		"pkcs11:serial=0123456789abcdef;id=%01%FF%00",
		"pkcs11:token=My%20token;manufacturer=A%3BB;model=m;object=k;id=%0a;type=private",
		"pkcs11:token=a&b;object=-._~:[]@!$'()*+,=",
	};
	/* Attack: by the name of a key to name a PIN, a file or a library of the server. */
	static const char *const refused[] = {
		"",
		"pkcs11",
		"pkcs11:",
		"PKCS11:token=t;object=o",
		"file:/etc/passwd",
		"pkcs11:token=t",
		"pkcs11:object=o",
		"pkcs11:id=%01;model=m",
		"pkcs11:token=t;object=o;",
		"pkcs11:;token=t;object=o",
		"pkcs11:token=t;;object=o",
		"pkcs11:token;object=o",
		"pkcs11:token=;object=o",
		"pkcs11:token=t;object=o;object=p",
		"pkcs11:token=t;object=o;type=public",
		"pkcs11:token=t;object=o;type=secret-key",
		"pkcs11:token=t;object=o;slot-id=1",
		"pkcs11:token=t;object=o;module-path=%2Ftmp%2Fx.so",
		"pkcs11:token=t;object=o;pin-value=1",
		"pkcs11:token=t;object=o;x-vendor=1",
		"pkcs11:token=t;object=o?pin-value=1",
		"pkcs11:token=t;object=o?pin-source=file:/etc/passwd",
		"pkcs11:token=t;object=o?",
		"pkcs11:token=t;object=a b",
		"pkcs11:token=t;object=a/b",
		"pkcs11:token=t;object=a%",
		"pkcs11:token=t;object=a%4",
		"pkcs11:token=t;object=a%4g",
		"pkcs11:token=t;object=\xc3\xa4",
		"pkcs11:token=t;object=a\nb",
		"pkcs11:token=t;object=a\"b",
	};
	char longest[PGTC_PKCS11_URI_MAX + 2];
	size_t i;

	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		CHECK(pgtc_pkcs11_uri_problem(pgtc_slice_str(taken[i])) == NULL);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		CHECK(pgtc_pkcs11_uri_problem(pgtc_slice_str(refused[i])) != NULL);
	CHECK(pgtc_pkcs11_uri_problem(pgtc_slice("pkcs11:token=t;object=o\0", 24)) != NULL);

	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "pkcs11:token=t;object=", 22);
	CHECK(pgtc_pkcs11_uri_problem(pgtc_slice(longest, PGTC_PKCS11_URI_MAX)) == NULL);
	CHECK(pgtc_pkcs11_uri_problem(pgtc_slice(longest, PGTC_PKCS11_URI_MAX + 1)) != NULL);
}

static bool
names(const char *uri, const char *label, const char *serial)
{
	uint8_t padded_label[PGTC_PKCS11_LABEL_LEN];
	uint8_t padded_serial[PGTC_PKCS11_SERIAL_LEN];

	memset(padded_label, ' ', sizeof(padded_label));
	memset(padded_serial, ' ', sizeof(padded_serial));
	memcpy(padded_label, label, strlen(label));
	memcpy(padded_serial, serial, strlen(serial));
	return pgtc_pkcs11_uri_names_token(pgtc_slice_str(uri), padded_label, padded_serial);
}

static void
tokens(void)
{
	CHECK(names("pkcs11:token=signing;object=o", "signing", "1"));
	CHECK(names("pkcs11:token=%73igning;object=o", "signing", "1"));
	CHECK(names("pkcs11:token=My%20token;object=o", "My token", "1"));
	CHECK(names("pkcs11:token=signing;serial=1;object=o", "signing", "1"));
	CHECK(names("pkcs11:serial=0123456789abcdef;object=o", "any", "0123456789abcdef"));
	CHECK(names("pkcs11:token=12345678901234567890123456789012;object=o",
				"12345678901234567890123456789012", "1"));

	CHECK(!names("pkcs11:token=signing;object=o", "signing2", "1"));
	CHECK(!names("pkcs11:token=signing2;object=o", "signing", "1"));
	CHECK(!names("pkcs11:token=Signing;object=o", "signing", "1"));
	CHECK(!names("pkcs11:token=signing;serial=2;object=o", "signing", "1"));
	CHECK(!names("pkcs11:token=123456789012345678901234567890123;object=o",
				 "12345678901234567890123456789012", "1"));
}

void
test_pkcs11_uri(void)
{
	named();
	tokens();
}
