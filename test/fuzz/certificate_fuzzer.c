/*
 * certificate_fuzzer.c
 *		Client certificates as a header has them.  An input that starts as DER does
 *		is a certificate itself, which this file encodes.
 */
#include "core/base/b64url.h"
#include "core/base/crypto.h"
#include "core/jose/certificate.h"
#include "core/jose/certificate_san.h"
#include "fuzz.h"

static void
check(PgtcSlice value)
{
	static const struct
	{
		PgtcSanKind kind;
		const char *name;
	} names[] = {{PGTC_SAN_DNS, "rp.example"},
				 {PGTC_SAN_URI, "spiffe://example/rp"},
				 {PGTC_SAN_IP, "192.0.2.1"},
				 {PGTC_SAN_EMAIL, "rp@mail.example"}};
	char thumbprint[44];
	uint8_t digest[PGTC_SHA256_LEN];
	size_t len;
	PgtcBuf dn;
	PgtcBuf normal;
	PgtcCode code;
	bool has;
	size_t i;

	pgtc_buf_init(&dn, &fuzz_mem);
	pgtc_buf_init(&normal, &fuzz_mem);
	code = pgtc_certificate_read(value, &fuzz_mem, thumbprint, &dn, &normal);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		REQUIRE(pgtc_certificate_san_match(value, &fuzz_mem, names[i].kind,
										   pgtc_slice_str(names[i].name), &has) == code);
		REQUIRE(!has || code == PGTC_OK);
	}
	if (code != PGTC_OK)
		REQUIRE(thumbprint[0] == '\0' && dn.len == 0 && normal.len == 0);
	else
	{
		REQUIRE(pgtc_b64url_decode(pgtc_slice_str(thumbprint), digest, sizeof(digest), &len) ==
				PGTC_OK);
		REQUIRE(len == sizeof(digest));
		for (i = 0; i < dn.len; i++)
			REQUIRE(dn.data[i] >= ' ' && dn.data[i] <= '~');
	}
	pgtc_buf_free(&dn);
	pgtc_buf_free(&normal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcBuf text;
	size_t i;

	if (size == 0 || data[0] != 0x30)
	{
		check(fuzz_slice(data, size));
		return 0;
	}
	pgtc_buf_init(&text, &fuzz_mem);
	pgtc_buf_append_str(&text, ":");
	pgtc_buf_append_b64url(&text, data, size);
	pgtc_buf_append_str(&text, ":");
	for (i = 0; i < text.len; i++)
	{
		if (text.data[i] == '-')
			text.data[i] = '+';
		else if (text.data[i] == '_')
			text.data[i] = '/';
	}
	check(pgtc_slice(text.data, text.len));
	pgtc_buf_free(&text);
	return 0;
}
