/*
 * claims_fuzzer.c
 *		Claims that are read can be written into a token and read back the same.
 */
#include "core/base/uuid.h"
#include "core/jose/claims.h"
#include "core/jose/jws.h"
#include "core/jose/token.h"
#include "fuzz.h"

static bool
same(PgtcSlice a, PgtcSlice b)
{
	return (a.data == NULL) == (b.data == NULL) && pgtc_slice_equal(a, b);
}

static void
check_times(const PgtcClaims *claims)
{
	const int64_t max = INT64_C(1) << 53;

	REQUIRE(claims->exp >= -1 && claims->exp <= max);
	REQUIRE(claims->iat >= -1 && claims->iat <= max);
	REQUIRE(claims->nbf >= -1 && claims->nbf <= max);
	REQUIRE(claims->auth_time >= -1 && claims->auth_time <= max);
}

static void
check_round_trip(const PgtcClaims *claims)
{
	PgtcTokenSpec spec;
	PgtcClaims again;
	PgtcBuf token;
	PgtcBuf payload;
	PgtcJws jws;
	PgtcKey key;
	int i;

	memset(&spec, 0, sizeof(spec));
	spec.typ = "JWT";
	spec.iss = claims->iss;
	spec.sub = claims->sub;
	spec.aud = claims->aud;
	spec.n_aud = claims->n_aud > 0 ? claims->n_aud : -1;
	spec.client_id = claims->client_id;
	spec.scope = claims->scope;
	spec.jti = claims->jti;
	spec.grant_id = claims->grant_id;
	spec.n_amr = -1;
	spec.iat = claims->iat;
	spec.exp = claims->exp;
	spec.auth_time = claims->auth_time;

	REQUIRE(pgtc_key_import(pgtc_alg_by_name(pgtc_slice_str("HS256")),
							pgtc_slice_str("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
							&key) == PGTC_OK);
	pgtc_buf_init(&token, &fuzz_mem);
	pgtc_buf_init(&payload, &fuzz_mem);
	REQUIRE(pgtc_token_write(&spec, &key, &token) == PGTC_OK);
	pgtc_key_free(&key);

	/* a payload near the limit may grow beyond it with the header */
	if (pgtc_jws_split(pgtc_slice(token.data, token.len), &jws) == PGTC_OK)
	{
		REQUIRE(pgtc_buf_decode_b64url(&payload, jws.payload) == PGTC_OK);
		REQUIRE(pgtc_claims_read(pgtc_slice(payload.data, payload.len), &again) == PGTC_OK);
		REQUIRE(same(claims->iss, again.iss) && same(claims->sub, again.sub));
		REQUIRE(same(claims->client_id, again.client_id) && same(claims->jti, again.jti));
		REQUIRE(same(claims->scope, again.scope) && same(claims->grant_id, again.grant_id));
		REQUIRE(claims->exp == again.exp && claims->iat == again.iat);
		REQUIRE(claims->auth_time == again.auth_time && claims->n_aud == again.n_aud);
		for (i = 0; i < claims->n_aud; i++)
			REQUIRE(same(claims->aud[i], again.aud[i]));
		pgtc_claims_free(&again);
	}
	pgtc_buf_free(&token);
	pgtc_buf_free(&payload);
}

/* routing finds what reading finds */
static void
check_routing(PgtcSlice payload, const PgtcClaims *claims)
{
	PgtcBuf token;
	uint8_t found[PGTC_UUID_LEN];
	uint8_t expected[PGTC_UUID_LEN];
	bool has_id = claims != NULL && claims->grant_id.data != NULL &&
				  pgtc_uuid_parse(claims->grant_id, expected) == PGTC_OK;

	pgtc_buf_init(&token, &fuzz_mem);
	/* {"alg":"ES256"} */
	pgtc_buf_append_str(&token, "eyJhbGciOiJFUzI1NiJ9.");
	pgtc_buf_append_b64url(&token, payload.data, payload.len);
	pgtc_buf_append_str(&token, ".AAAA");
	if (token.len <= PGTC_JWS_MAX)
	{
		PgtcCode code = pgtc_claims_grant_id(pgtc_slice(token.data, token.len), &fuzz_mem, found);

		REQUIRE((code == PGTC_OK) == has_id);
		REQUIRE(!has_id || memcmp(found, expected, sizeof(found)) == 0);
	}
	pgtc_buf_free(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PgtcClaims claims;
	PgtcCode code;

	if (pgtc_claims_read(fuzz_slice(data, size), &claims) != PGTC_OK)
	{
		REQUIRE(claims.json == NULL);
		check_routing(fuzz_slice(data, size), NULL);
		return 0;
	}
	check_times(&claims);
	REQUIRE(claims.n_aud >= 0 && claims.n_aud <= PGTC_AUD_MAX);
	code = pgtc_claims_check_access(&claims, claims.iss, pgtc_slice(NULL, 0), 1700000000, 30);
	if (code == PGTC_OK)
		REQUIRE(claims.exp > 1700000000 && claims.n_aud > 0 && claims.sub.data != NULL);
	check_round_trip(&claims);
	check_routing(fuzz_slice(data, size), &claims);
	pgtc_claims_free(&claims);
	return 0;
}
