/*
 * request_jwt_fuzzer.c
 *		The fields of a request object are text within bounds, none of them leads to another
 *		object, and what is judged to be good is of the client, for the issuer, and now.
 */
#include "core/base/utf8.h"
#include "core/oauth/request_jwt.h"
#include "fuzz.h"

#define NOW INT64_C(1700000000)

static void
check_fields(PgtcSlice payload)
{
	static PgtcForm form;
	int i;

	if (pgtc_request_jwt_fields(payload, &fuzz_mem, &form) != PGTC_OK)
	{
		REQUIRE(form.n == 0 && form.storage.data == NULL);
		return;
	}
	REQUIRE(form.n <= PGTC_FORM_FIELDS_MAX && form.storage.len <= PGTC_FORM_MAX);
	for (i = 0; i < form.n; i++)
	{
		PgtcSlice name = form.field[i].name;
		PgtcSlice value = form.field[i].value;

		REQUIRE(pgtc_utf8_valid(name) && pgtc_utf8_valid(value));
		REQUIRE(value.len == 0 || memchr(value.data, '\0', value.len) == NULL);
		REQUIRE(!pgtc_slice_equal(name, pgtc_slice_str("request")));
		REQUIRE(!pgtc_slice_equal(name, pgtc_slice_str("request_uri")));
		REQUIRE(!pgtc_slice_equal(name, pgtc_slice_str("exp")));
	}
	pgtc_form_free(&form);
}

static void
check_claims(const PgtcClaims *claims)
{
	PgtcSlice client = pgtc_slice_str("c");
	PgtcSlice issuer = pgtc_slice_str("https://id.example");

	if (pgtc_request_jwt_check(claims, client, issuer, NOW, true) == PGTC_OK)
	{
		REQUIRE(pgtc_slice_equal(claims->iss, client) && claims->exp > NOW);
		REQUIRE(claims->exp - claims->nbf <= PGTC_REQUEST_JWT_LIFETIME);
		REQUIRE(pgtc_claims_has_audience(claims, issuer));
		REQUIRE(pgtc_request_jwt_check(claims, client, issuer, NOW, false) == PGTC_OK);
	}
	if (pgtc_request_jwt_check(claims, client, issuer, NOW, false) == PGTC_OK)
		REQUIRE(!pgtc_slice_equal(claims->sub, client));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcClaims claims;

	check_fields(fuzz_slice(data, size));
	if (pgtc_claims_read(fuzz_slice(data, size), &claims) == PGTC_OK)
	{
		check_claims(&claims);
		pgtc_claims_free(&claims);
	}
	return 0;
}
