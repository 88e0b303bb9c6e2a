/*
 * jwks_fuzzer.c
 *		A JWK Set that passes the check has no secret, and serves to verify.
 */
#include "fuzz.h"
#include "core/jose/jwks.h"

/* RFC 8037 appendix A.4, RFC 7515 appendix A.3 and A.1 */
static const char *const tokens[] = {
	"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
	".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
	"eyJhbGciOiJFUzI1NiJ9"
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
	"VlfQ"
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
	"VlfQ"
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcSlice jwks = fuzz_slice(data, size);
	PgtcCode checked = pgtc_jwks_check(jwks);
	size_t i;

	for (i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
	{
		PgtcJws jws;
		PgtcJwsHeader header;
		PgtcCode code;

		REQUIRE(pgtc_jws_split(pgtc_slice_str(tokens[i]), &jws) == PGTC_OK);
		REQUIRE(pgtc_jws_read_header(&jws, &fuzz_mem, &header) == PGTC_OK);
		code = pgtc_jwks_verify(&jws, &header, jwks, &fuzz_mem);
		if (checked == PGTC_OK)
			REQUIRE(code == PGTC_OK || code == PGTC_E_KEY || code == PGTC_E_SIGNATURE);
		/* no symmetric key is ever used, not even the right one */
		if (header.alg->kty == PGTC_KTY_OCT)
			REQUIRE(code != PGTC_OK && code != PGTC_E_SIGNATURE);
	}
	return 0;
}
