/*
 * test_token.c
 *		Building tokens, reserved claims, at_hash, the JSON writer.
 */
#include <jansson.h>

#include "unit.h"

static const PgtcSlice audiences[2] = {{"https://a.example", 17}, {"https://b.example", 17}};
static const PgtcSlice methods[2] = {{"pwd", 3}, {"otp", 3}};

static PgtcTokenSpec
full_spec(void)
{
	PgtcTokenSpec spec = {
		.typ = "at+jwt",
		.kid = LITERAL("k1"),
		.iss = LITERAL("https://i.example"),
		.sub = LITERAL("u\"1\\\n\x01/\xc3\xa4"),
		.aud = audiences,
		.n_aud = 2,
		.azp = LITERAL("c"),
		.client_id = LITERAL("c"),
		.scope = LITERAL("read write"),
		.jti = LITERAL("j"),
		.grant_id = LITERAL("0190a0a1-a2a3-7fff-8001-020304050607"),
		.sid = LITERAL("s"),
		.nonce = LITERAL("n"),
		.at_hash = LITERAL("h"),
		.acr = LITERAL("urn:x"),
		.amr = methods,
		.n_amr = 2,
		.iat = 1000,
		.exp = 2000,
		.auth_time = 0,
		.cnf = LITERAL("{\"jkt\":\"t\"}"),
		.act = LITERAL("{\"sub\":\"v\",\"act\":{\"sub\":\"w\"}}"),
		.extra = LITERAL("{\"a\": 1, \"b\": [1.50, {}]}"),
	};

	return spec;
}

static PgtcTokenSpec
bare_spec(void)
{
	PgtcTokenSpec spec = {
		.typ = "JWT", .n_aud = -1, .n_amr = -1, .iat = -1, .exp = -1, .auth_time = -1};

	return spec;
}

/* the payload of a token just written, which verifies */
static void
payload_of(const PgtcTokenSpec *spec, PgtcBuf *payload)
{
	const PgtcKey *key = unit_key("ES256");
	PgtcJwsHeader header;
	PgtcBuf token;
	PgtcJws jws;

	pgtc_buf_init(&token, &unit_mem);
	pgtc_buf_init(payload, &unit_mem);
	CHECK_CODE(pgtc_token_write(spec, key, &token), PGTC_OK);
	CHECK_CODE(unit_verify(pgtc_slice(token.data, token.len), key), PGTC_OK);
	CHECK_CODE(pgtc_jws_split(pgtc_slice(token.data, token.len), &jws), PGTC_OK);
	CHECK_CODE(pgtc_jws_read_header(&jws, &unit_mem, &header), PGTC_OK);
	CHECK(header.alg == key->alg);
	CHECK(pgtc_slice_equal(pgtc_slice_str(header.kid), spec->kid));
	/* C43: typ at+jwt */
	if (strcmp(spec->typ, "at+jwt") == 0)
		CHECK(strcmp(header.typ, "at+jwt") == 0);
	CHECK_CODE(pgtc_buf_decode_b64url(payload, jws.payload), PGTC_OK);
	pgtc_buf_free(&token);
}

/* compared as JSON values: the order of members is nobody's business */
static void
check_payload(const PgtcTokenSpec *spec, const char *expected)
{
	json_t *want = json_loads(expected, JSON_REJECT_DUPLICATES, NULL);
	json_t *got;
	PgtcBuf payload;

	payload_of(spec, &payload);
	got = json_loadb(payload.data, payload.len, JSON_REJECT_DUPLICATES, NULL);
	CHECK(want != NULL && got != NULL && json_equal(want, got));
	json_decref(want);
	json_decref(got);
	pgtc_buf_free(&payload);
}

/* C44: every claim of RFC 9068 section 2.2 arrives */
static void
members(void)
{
	PgtcTokenSpec spec = full_spec();

	check_payload(&spec,
				  "{\"iss\":\"https://i.example\",\"sub\":\"u\\\"1\\\\\\n\\u0001/\\u00e4\","
				  "\"aud\":[\"https://a.example\",\"https://b.example\"],\"azp\":\"c\","
				  "\"client_id\":\"c\",\"scope\":\"read write\",\"jti\":\"j\","
				  "\"grant_id\":\"0190a0a1-a2a3-7fff-8001-020304050607\",\"sid\":\"s\","
				  "\"nonce\":\"n\",\"at_hash\":\"h\",\"acr\":\"urn:x\",\"amr\":[\"pwd\",\"otp\"],"
				  "\"iat\":1000,\"exp\":2000,\"auth_time\":0,\"cnf\":{\"jkt\":\"t\"},"
				  "\"act\":{\"sub\":\"v\",\"act\":{\"sub\":\"w\"}},\"a\":1,\"b\":[1.5,{}]}");
	spec.n_aud = 1;
	spec.n_amr = -1;
	spec.sub = LITERAL("");
	spec.cnf = spec.act = pgtc_slice(NULL, 0);
	spec.azp = spec.nonce = spec.at_hash = spec.sid = spec.acr = pgtc_slice(NULL, 0);
	spec.auth_time = -1;
	spec.extra = LITERAL("{}");
	check_payload(&spec, "{\"iss\":\"https://i.example\",\"sub\":\"\","
						 "\"aud\":\"https://a.example\",\"client_id\":\"c\","
						 "\"scope\":\"read write\",\"jti\":\"j\","
						 "\"grant_id\":\"0190a0a1-a2a3-7fff-8001-020304050607\","
						 "\"iat\":1000,\"exp\":2000}");
}

/* a header that is kept makes the same token as one that is written */
static void
kept_header(void)
{
	PgtcTokenSpec spec = full_spec();
	const PgtcKey *key = unit_key("EdDSA"); /* signs the same way each time */
	PgtcBuf header;
	PgtcBuf written;
	PgtcBuf kept;
	PgtcJws jws;

	pgtc_buf_init(&header, &unit_mem);
	pgtc_buf_init(&written, &unit_mem);
	pgtc_buf_init(&kept, &unit_mem);
	CHECK_CODE(pgtc_token_header(key->alg, spec.typ, spec.kid, &header), PGTC_OK);
	CHECK_CODE(pgtc_token_write(&spec, key, &written), PGTC_OK);
	spec.header = pgtc_slice(header.data, header.len);
	CHECK_CODE(pgtc_token_write(&spec, key, &kept), PGTC_OK);
	CHECK(pgtc_slice_equal(pgtc_slice(kept.data, kept.len), pgtc_slice(written.data, written.len)));
	CHECK_CODE(pgtc_jws_split(pgtc_slice(kept.data, kept.len), &jws), PGTC_OK);
	CHECK(pgtc_slice_equal(jws.header, pgtc_slice(header.data, header.len)));
	pgtc_buf_free(&header);
	pgtc_buf_free(&written);
	pgtc_buf_free(&kept);
}

static void
extra(void)
{
	PgtcTokenSpec spec = bare_spec();
	PgtcBuf buf;

	check_payload(&spec, "{}");
	spec.extra = LITERAL("{}");
	check_payload(&spec, "{}");
	spec.extra = LITERAL(" { } ");
	check_payload(&spec, "{}");
	spec.extra = LITERAL("{\"a\": 1}");
	check_payload(&spec, "{\"a\":1}");

	/* digits that a double would lose stay */
	spec.extra = LITERAL("{\"n\": 12345678901234567.890123456789}");
	spec.sub = LITERAL("u");
	payload_of(&spec, &buf);
	CHECK(strcmp(buf.data, "{\"sub\":\"u\",\"n\": 12345678901234567.890123456789}") == 0);
	pgtc_buf_free(&buf);

	/* what cannot be spliced leaves the output as it was */
	spec.extra = LITERAL("[1]");
	pgtc_buf_init(&buf, &unit_mem);
	pgtc_buf_append_str(&buf, "kept");
	CHECK_CODE(pgtc_token_write(&spec, unit_key("ES256"), &buf), PGTC_E_MALFORMED);
	CHECK(strcmp(buf.data, "kept") == 0);
	spec.extra = LITERAL("{");
	CHECK_CODE(pgtc_token_write(&spec, unit_key("ES256"), &buf), PGTC_E_MALFORMED);
	spec.extra = LITERAL("");
	CHECK_CODE(pgtc_token_write(&spec, unit_key("ES256"), &buf), PGTC_E_MALFORMED);

	/* appended to what is there, and signed without it */
	spec.extra = LITERAL("{\"a\": 1}");
	CHECK_CODE(pgtc_token_write(&spec, unit_key("EdDSA"), &buf), PGTC_OK);
	CHECK(memcmp(buf.data, "kept", 4) == 0);
	CHECK_CODE(unit_verify(pgtc_slice(buf.data + 4, buf.len - 4), unit_key("EdDSA")), PGTC_OK);
	pgtc_buf_free(&buf);
}

/* Attack: a custom claim that takes the place of one with a meaning. */
static void
reserved(void)
{
	static const char *const names[] = {"iss",		 "sub",
										"aud",		 "exp",
										"nbf",		 "iat",
										"jti",		 "client_id",
										"scope",	 "azp",
										"nonce",	 "auth_time",
										"acr",		 "amr",
										"at_hash",	 "c_hash",
										"s_hash",	 "sid",
										"grant_id",	 "cnf",
										"act",		 "may_act",
										"typ",		 "token_use",
										"events",	 "token_introspection",
										"sub_jwk",	 "active",
										"token_type"};
	static const char *const free_names[] = {"role", "roles", "groups", "email",  "name",	 "",
											 "ISS",	 "is",	  "isss",	"tenant", "username"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK(pgtc_token_claim_reserved(pgtc_slice_str(names[i])));
	for (i = 0; i < sizeof(free_names) / sizeof(free_names[0]); i++)
		CHECK(!pgtc_token_claim_reserved(pgtc_slice_str(free_names[i])));
	CHECK(!pgtc_token_claim_reserved(LITERAL("iss\0")));
}

/* C82: OpenID Connect Core appendix A.3 and, for the other sizes, openssl dgst */
static void
at_hash(void)
{
	static const struct
	{
		const char *alg;
		const char *expected;
	} cases[] = {
		{"RS256", "77QmUPtjPfzWtF2AnpK9RQ"},
		{"ES256", "77QmUPtjPfzWtF2AnpK9RQ"},
		{"HS256", "77QmUPtjPfzWtF2AnpK9RQ"},
		{"ES384", "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs"},
		{"ES512", "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"},
		{"EdDSA", "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"},
	};
	char got[PGTC_AT_HASH_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CHECK_CODE(pgtc_token_at_hash(unit_alg(cases[i].alg),
									  LITERAL("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), got),
				   PGTC_OK);
		CHECK(strcmp(got, cases[i].expected) == 0);
	}
}

static void
writer(void)
{
	PgtcBuf buf;
	char all[32];
	json_t *value;
	int c;

	pgtc_buf_init(&buf, &unit_mem);
	pgtc_buf_append_str(&buf, "{");
	pgtc_json_write_member_int(&buf, "a", INT64_MIN);
	pgtc_json_write_member_int(&buf, "b", INT64_MAX);
	pgtc_json_write_member_int(&buf, "c", 0);
	CHECK(strcmp(buf.data, "{\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":0") == 0);
	pgtc_buf_free(&buf);

	/* every control character comes back from a JSON reader */
	for (c = 1; c < 32; c++)
		all[c - 1] = (char) c;
	pgtc_buf_append_str(&buf, "[");
	pgtc_json_write_string(&buf, pgtc_slice(all, 31));
	pgtc_buf_append_str(&buf, "]");
	value = json_loadb(buf.data, buf.len, 0, NULL);
	CHECK(value != NULL && json_string_length(json_array_get(value, 0)) == 31 &&
		  memcmp(json_string_value(json_array_get(value, 0)), all, 31) == 0);
	json_decref(value);
	pgtc_buf_free(&buf);

	/* each byte at each place of the eight that are looked at together, and after them */
	for (c = 0; c < 256 * 18; c++)
	{
		char text[18];
		unsigned char byte = (unsigned char) (c / 18);
		bool plain = byte >= 0x20 && byte != '"' && byte != '\\';

		memset(text, c % 2 == 0 ? 'x' : '\xc3', sizeof(text));
		text[c % 18] = (char) byte;
		pgtc_json_write_string(&buf, pgtc_slice(text, sizeof(text)));
		CHECK((buf.len == sizeof(text) + 2) == plain);
		CHECK(memchr(buf.data, byte, buf.len) != NULL || !plain);
		CHECK(plain ? memcmp(buf.data + 1, text, sizeof(text)) == 0 : buf.data[c % 18 + 1] == '\\');
		pgtc_buf_free(&buf);
	}

	/* growth keeps what is there, and reads end at len */
	for (c = 0; c < 5000; c++)
		pgtc_buf_append(&buf, "x", 1);
	CHECK(buf.len == 5000 && strlen(buf.data) == 5000);
	pgtc_buf_truncate(&buf, 10);
	pgtc_buf_truncate(&buf, 11);
	CHECK(buf.len == 10 && strlen(buf.data) == 10);
	/* what was cut off is wiped */
	CHECK(memchr(buf.data + 11, 'x', 4989) == NULL);
	CHECK(pgtc_buf_extend(&buf, SIZE_MAX) == NULL);
	CHECK_CODE(pgtc_buf_code(&buf), PGTC_E_NOMEM);
	pgtc_buf_append(&buf, "y", 1);
	CHECK(buf.len == 10);
	pgtc_buf_free(&buf);
	CHECK_CODE(pgtc_buf_code(&buf), PGTC_OK);
}

/* every code has a phrase of its own */
static void
texts(void)
{
	int a;
	int b;

	for (a = 0; a >= PGTC_E_ROOT_KEY - 1; a--)
	{
		for (b = 0; b > a; b--)
			CHECK(strcmp(pgtc_code_text((PgtcCode) a), pgtc_code_text((PgtcCode) b)) != 0);
	}
}

void
test_token(void)
{
	members();
	kept_header();
	extra();
	reserved();
	at_hash();
	writer();
	texts();
}
