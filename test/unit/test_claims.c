/*
 * test_claims.c
 *		Reading claims and judging them.
 */
#include "unit.h"
#include "vectors.h"

static PgtcCode
read_text(PgtcSlice json)
{
	PgtcClaims claims;
	PgtcCode code = pgtc_claims_read(json, &claims);

	if (code != PGTC_OK)
		CHECK(claims.json == NULL);
	pgtc_claims_free(&claims);
	return code;
}

static PgtcCode
read_str(const char *json)
{
	return read_text(pgtc_slice_str(json));
}

static bool
is(PgtcSlice slice, const char *expected)
{
	return slice.data != NULL && pgtc_slice_equal(slice, pgtc_slice_str(expected));
}

/* RFC 7519 section 3.1 */
static void
example(void)
{
	PgtcClaims claims;
	PgtcBuf payload;
	PgtcJws jws;

	CHECK_CODE(pgtc_jws_split(LITERAL(RFC7515_A1), &jws), PGTC_OK);
	pgtc_buf_init(&payload, &unit_mem);
	CHECK_CODE(pgtc_buf_decode_b64url(&payload, jws.payload), PGTC_OK);
	CHECK_CODE(pgtc_claims_read(pgtc_slice(payload.data, payload.len), &claims), PGTC_OK);
	pgtc_buf_free(&payload);
	CHECK(is(claims.iss, "joe"));
	CHECK(claims.exp == 1300819380);
	CHECK(claims.sub.data == NULL && claims.n_aud == 0);
	CHECK(claims.iat == -1 && claims.nbf == -1 && claims.auth_time == -1);
	pgtc_claims_free(&claims);
	CHECK(claims.json == NULL && claims.exp == -1);
}

static void
refused(const char *name, const char *value)
{
	PgtcBuf json;

	pgtc_buf_init(&json, &unit_mem);
	pgtc_buf_append_str(&json, "{\"");
	pgtc_buf_append_str(&json, name);
	pgtc_buf_append_str(&json, "\":");
	pgtc_buf_append_str(&json, value);
	pgtc_buf_append_str(&json, "}");
	CHECK_CODE(read_str(json.data), PGTC_E_CLAIM);
	pgtc_buf_free(&json);
}

/* Attack: a claim of an unexpected type, for a reader that takes it for absent. */
static void
types(void)
{
	static const char *const strings[] = {"iss",   "sub",	   "client_id", "jti",
										  "scope", "grant_id", "azp",		"nonce",
										  "acr",   "at_hash",  "c_hash",	"sid"};
	static const char *const times[] = {"exp", "iat", "nbf", "auth_time"};
	static const char *const objects[] = {"cnf", "act", "may_act"};
	static const char *const no_string[] = {"1", "null", "true", "[\"a\"]", "{}", "1.5"};
	static const char *const no_time[] = {"\"1\"",
										  "null",
										  "true",
										  "[1]",
										  "-1",
										  "-0.5",
										  "9007199254740994.0",
										  "1e300",
										  "9007199254740993",
										  "9223372036854775807"};
	static const char *const no_object[] = {"1", "null", "\"a\"", "[]"};
	static const char *const no_amr[] = {"\"pwd\"", "1", "null", "{}", "[1]", "[\"pwd\",null]"};
	static const char *const no_aud[] = {"1", "null", "{}", "[]", "[1]", "[\"a\",1]", "[[\"a\"]]"};
	size_t i;
	size_t j;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
	{
		for (j = 0; j < sizeof(no_string) / sizeof(no_string[0]); j++)
			refused(strings[i], no_string[j]);
	}
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		for (j = 0; j < sizeof(no_time) / sizeof(no_time[0]); j++)
			refused(times[i], no_time[j]);
	}
	for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
	{
		for (j = 0; j < sizeof(no_object) / sizeof(no_object[0]); j++)
			refused(objects[i], no_object[j]);
	}
	for (j = 0; j < sizeof(no_amr) / sizeof(no_amr[0]); j++)
		refused("amr", no_amr[j]);
	for (j = 0; j < sizeof(no_aud) / sizeof(no_aud[0]); j++)
		refused("aud", no_aud[j]);

	CHECK_CODE(read_str("{\"exp\":9007199254740992,\"iat\":0}"), PGTC_OK);
	/* RFC 7519 section 2: NumericDate may have a fraction */
	CHECK_CODE(read_str("{\"exp\":1795305311.9,\"iat\":1e3,\"nbf\":-0.0}"), PGTC_OK);
	CHECK_CODE(read_str("{\"amr\":[\"pwd\",\"otp\"],\"cnf\":{\"jkt\":\"x\"},\"act\":{}}"), PGTC_OK);
	/* what is not registered may be anything */
	CHECK_CODE(read_str("{\"role\":[1,2],\"name\":null,\"x\":{\"exp\":\"y\"}}"), PGTC_OK);
}

/* C63: what a token is bound to, and the other members that callers ask for */
static void
bindings(void)
{
	PgtcClaims claims;

	CHECK_CODE(pgtc_claims_read(LITERAL("{\"cnf\":{\"jkt\":\"k\",\"x5t#S256\":\"x\",\"kid\":1},"
										"\"sid\":\"s\",\"azp\":\"c\",\"jkt\":\"no\"}"),
								&claims),
			   PGTC_OK);
	CHECK(is(claims.jkt, "k") && is(claims.x5t_s256, "x"));
	CHECK(is(claims.sid, "s") && is(claims.azp, "c"));
	pgtc_claims_free(&claims);
	CHECK_CODE(pgtc_claims_read(LITERAL("{\"cnf\":{},\"jkt\":\"k\",\"x5t#S256\":\"x\"}"), &claims),
			   PGTC_OK);
	CHECK(claims.jkt.data == NULL && claims.x5t_s256.data == NULL);
	CHECK(claims.sid.data == NULL && claims.azp.data == NULL);
	pgtc_claims_free(&claims);

	/* Attack: a binding that a reader takes for none, so that a stolen token needs no key. */
	CHECK_CODE(read_str("{\"cnf\":{\"jkt\":1}}"), PGTC_E_CLAIM);
	CHECK_CODE(read_str("{\"cnf\":{\"jkt\":null}}"), PGTC_E_CLAIM);
	CHECK_CODE(read_str("{\"cnf\":{\"jkt\":[\"k\"]}}"), PGTC_E_CLAIM);
	CHECK_CODE(read_str("{\"cnf\":{\"x5t#S256\":false}}"), PGTC_E_CLAIM);
	CHECK_CODE(read_str("{\"cnf\":{\"jkt\":\"k\",\"jkt\":\"k\"}}"), PGTC_E_DUPLICATE);
}

/* Attack: what one reader refuses or skips, another takes. */
static void
json_rules(void)
{
	CHECK_CODE(read_str("{}"), PGTC_OK);
	CHECK_CODE(read_str("{\"sub\":\"a\",\"sub\":\"b\"}"), PGTC_E_DUPLICATE);
	CHECK_CODE(read_str("{\"sub\":\"a\",\"su\\u0062\":\"b\"}"), PGTC_E_DUPLICATE);
	CHECK_CODE(read_str("{\"x\":[{\"a\":1,\"a\":1}]}"), PGTC_E_DUPLICATE);
	CHECK_CODE(read_str("{\"sub\":\"a\\u0000b\"}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"a\\u0000b\":1}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_text(LITERAL("{\"sub\":\"a\0b\"}")), PGTC_E_MALFORMED);
	CHECK_CODE(read_text(LITERAL("{}\0")), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"sub\":\"\xff\"}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"sub\":\"\\ud800\"}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"exp\":1}{}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"exp\":01}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"exp\":99999999999999999999}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{'exp':1}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("{\"exp\":1,}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("[]"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("\"x\""), PGTC_E_MALFORMED);
	CHECK_CODE(read_str("null"), PGTC_E_MALFORMED);
	CHECK_CODE(read_str(""), PGTC_E_MALFORMED);
	CHECK_CODE(read_text(pgtc_slice(NULL, 0)), PGTC_E_MALFORMED);
}

/* Attack: nesting deep enough to exhaust the stack of whoever parses it. */
static void
nesting(void)
{
	static char deep[200000];
	size_t n = sizeof(deep) / 2 - 3;

	memcpy(deep, "{\"a\":", 5);
	memset(deep + 5, '[', n);
	memset(deep + 5 + n, ']', n);
	deep[5 + 2 * n] = '}';
	CHECK_CODE(read_text(pgtc_slice(deep, 6 + 2 * n)), PGTC_E_MALFORMED);
}

/* RFC 7519 section 4.1.3: a string, or an array of strings */
static void
audiences(void)
{
	PgtcClaims claims;
	PgtcBuf json;
	int n;

	CHECK_CODE(pgtc_claims_read(LITERAL("{\"aud\":\"a\"}"), &claims), PGTC_OK);
	CHECK(claims.n_aud == 1 && pgtc_claims_has_audience(&claims, LITERAL("a")));
	/* Attack: an audience that is part of another. */
	CHECK(!pgtc_claims_has_audience(&claims, LITERAL("")));
	CHECK(!pgtc_claims_has_audience(&claims, LITERAL("A")));
	CHECK(!pgtc_claims_has_audience(&claims, LITERAL("ab")));
	pgtc_claims_free(&claims);
	CHECK_CODE(pgtc_claims_read(LITERAL("{\"aud\":[\"a\",\"b\"]}"), &claims), PGTC_OK);
	CHECK(claims.n_aud == 2 && pgtc_claims_has_audience(&claims, LITERAL("b")));
	CHECK(!pgtc_claims_has_audience(&claims, LITERAL("c")));
	pgtc_claims_free(&claims);

	for (n = PGTC_AUD_MAX; n <= PGTC_AUD_MAX + 1; n++)
	{
		PgtcSlice list[PGTC_AUD_MAX + 1];
		int i;

		for (i = 0; i < n; i++)
			list[i] = LITERAL("x");
		pgtc_buf_init(&json, &unit_mem);
		pgtc_buf_append_str(&json, "{");
		pgtc_json_write_member_strings(&json, "aud", list, n);
		pgtc_buf_append_str(&json, "}");
		CHECK_CODE(read_str(json.data), n == PGTC_AUD_MAX ? PGTC_OK : PGTC_E_CLAIM);
		pgtc_buf_free(&json);
	}
}

#define FULL                                                                                 \
	"\"iss\":\"https://i.example\",\"sub\":\"u\",\"aud\":[\"a\",\"b\"],\"client_id\":\"c\"," \
	"\"jti\":\"j\",\"iat\":1000,\"exp\":2000"

static PgtcCode
judge(const char *json, const char *audience, int64_t now)
{
	PgtcClaims claims;
	PgtcCode code = pgtc_claims_read(pgtc_slice_str(json), &claims);

	CHECK_CODE(code, PGTC_OK);
	code = pgtc_claims_check_access(&claims, LITERAL("https://i.example"), pgtc_slice_str(audience),
									now, 30);
	pgtc_claims_free(&claims);
	return code;
}

/* C44, C49: RFC 9068 section 4 */
static void
access(void)
{
	static const char *const members[] = {"\"iss\":\"https://i.example\"",
										  "\"sub\":\"u\"",
										  "\"aud\":\"a\"",
										  "\"client_id\":\"c\"",
										  "\"jti\":\"j\"",
										  "\"iat\":1000",
										  "\"exp\":2000"};
	size_t i;
	size_t j;

	CHECK_CODE(judge("{" FULL "}", "a", 1500), PGTC_OK);
	CHECK_CODE(judge("{" FULL "}", "b", 1500), PGTC_OK);
	CHECK_CODE(judge("{" FULL "}", NULL, 1500), PGTC_OK);
	CHECK_CODE(judge("{" FULL "}", "c", 1500), PGTC_E_AUDIENCE);
	CHECK_CODE(judge("{" FULL "}", "", 1500), PGTC_E_AUDIENCE);

	/* exp is the first second at which the token is dead, whatever the leeway */
	CHECK_CODE(judge("{" FULL "}", "a", 1999), PGTC_OK);
	CHECK_CODE(judge("{" FULL "}", "a", 2000), PGTC_E_EXPIRED);
	CHECK_CODE(judge("{" FULL "}", "a", INT64_MAX), PGTC_E_EXPIRED);

	/* iat and nbf may lie ahead by the leeway, not by a second more */
	CHECK_CODE(judge("{" FULL "}", "a", 970), PGTC_OK);
	CHECK_CODE(judge("{" FULL "}", "a", 969), PGTC_E_NOT_YET);
	CHECK_CODE(judge("{" FULL "}", "a", 0), PGTC_E_NOT_YET);
	CHECK_CODE(judge("{" FULL ",\"nbf\":1530}", "a", 1500), PGTC_OK);
	CHECK_CODE(judge("{" FULL ",\"nbf\":1531}", "a", 1500), PGTC_E_NOT_YET);

	/* Attack: a token of another issuer, or of one whose name begins alike. */
	CHECK_CODE(
		judge("{\"iss\":\"https://i.example/\",\"sub\":\"u\",\"aud\":\"a\",\"client_id\":\"c\","
			  "\"jti\":\"j\",\"iat\":1000,\"exp\":2000}",
			  "a", 1500),
		PGTC_E_ISSUER);

	/* every claim of RFC 9068 section 2.2 must be there */
	for (i = 0; i <= sizeof(members) / sizeof(members[0]); i++)
	{
		char json[512] = "{\"x\":1";

		for (j = 0; j < sizeof(members) / sizeof(members[0]); j++)
		{
			if (i == j)
				continue;
			strcat(json, ",");
			strcat(json, members[j]);
		}
		strcat(json, "}");
		CHECK_CODE(judge(json, NULL, 1500),
				   i == sizeof(members) / sizeof(members[0]) ? PGTC_OK : PGTC_E_CLAIM);
	}
}

static PgtcCode
route(const char *header, const char *payload, uint8_t out[16])
{
	PgtcBuf token;
	PgtcCode code;

	pgtc_buf_init(&token, &unit_mem);
	unit_signing_input(header, payload, &token);
	pgtc_buf_append_str(&token, ".AAAA");
	code = pgtc_claims_grant_id(pgtc_slice(token.data, token.len), &unit_mem, out);
	pgtc_buf_free(&token);
	return code;
}

/* routing verifies nothing, yet reads as strictly as everybody else */
static void
routing(void)
{
	static const char es256[] = "{\"alg\":\"ES256\"}";
	static const char id[] = "{\"grant_id\":\"0190a0a1-a2a3-7fff-8001-020304050607\"}";
	uint8_t out[16] = {0};

	CHECK_CODE(route(es256, id, out), PGTC_OK);
	CHECK(out[0] == 0x01 && out[15] == 0x07);
	CHECK_CODE(route(es256, "{}", out), PGTC_E_CLAIM);
	CHECK_CODE(route(es256, "{\"grant_id\":1}", out), PGTC_E_CLAIM);
	CHECK_CODE(route(es256, "{\"grant_id\":\"x\"}", out), PGTC_E_MALFORMED);
	CHECK_CODE(route(es256, "{\"grant_id\":\"x\",\"grant_id\":\"y\"}", out), PGTC_E_DUPLICATE);
	CHECK_CODE(route("{\"alg\":\"none\"}", id, out), PGTC_E_ALG);
	CHECK_CODE(route("{\"alg\":\"ES256\",\"crit\":[\"x\"]}", id, out), PGTC_E_CRIT);
	CHECK_CODE(pgtc_claims_grant_id(LITERAL("a.b"), &unit_mem, out), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_claims_grant_id(pgtc_slice(NULL, 0), &unit_mem, out), PGTC_E_MALFORMED);
}

void
test_claims(void)
{
	example();
	types();
	bindings();
	json_rules();
	nesting();
	audiences();
	access();
	routing();
}
