/*
 * test_request_object.c
 *		Request objects, and the claims parameter.
 */
#include <stdio.h>

#include "core/oauth/claims_parameter.h"
#include "core/oauth/request_jwt.h"
#include "unit.h"

#define NOW 100000
#define ISSUER "https://id.example"

static PgtcCode
fields(const char *payload, PgtcForm *out)
{
	return pgtc_request_jwt_fields(pgtc_slice_str(payload), &unit_mem, out);
}

static PgtcCode
fields_of(const char *payload)
{
	static PgtcForm form;
	PgtcCode code = fields(payload, &form);

	if (code != PGTC_OK)
		CHECK(form.n == 0 && form.storage.data == NULL);
	else
		pgtc_form_free(&form);
	return code;
}

static void
check_field(const PgtcForm *form, int i, const char *name, const char *value)
{
	CHECK(i < form->n && pgtc_slice_equal(form->field[i].name, pgtc_slice_str(name)) &&
		  pgtc_slice_equal(form->field[i].value, pgtc_slice_str(value)));
}

/* the members are the parameters; what is about the JWT is not */
static void
members(void)
{
	static PgtcForm form;
	char many[4096] = "{\"a\":1";
	int live = unit_live();
	int i;

	CHECK_CODE(
		fields(
			"{\"iss\":\"c\",\"aud\":[\"x\"],\"exp\":1,\"nbf\":1,\"iat\":1,\"jti\":\"j\",\"sub\":\"s\","
			"\"client_id\":\"c\",\"scope\":\"openid \\u00e9\",\"max_age\":300,\"empty\":\"\","
			"\"claims\":{\"userinfo\":{\"name\":null}},\"resource\":[\"https://a\",\"https://b\"],"
			"\"audience\":\"d\",\"other\":[\"x\",1],\"flag\":true}",
			&form),
		PGTC_OK);
	CHECK(form.n == 10);
	check_field(&form, 0, "client_id", "c");
	check_field(&form, 1, "scope", "openid \xc3\xa9");
	check_field(&form, 2, "max_age", "300");
	check_field(&form, 3, "empty", "");
	check_field(&form, 4, "claims", "{\"userinfo\":{\"name\":null}}");
	check_field(&form, 5, "resource", "https://a");
	check_field(&form, 6, "resource", "https://b");
	check_field(&form, 7, "audience", "d");
	check_field(&form, 8, "other", "[\"x\",1]");
	check_field(&form, 9, "flag", "true");
	pgtc_form_free(&form);
	CHECK_CODE(fields_of("{}"), PGTC_OK);

	/* Attack shut out: an object that leads to another one, which nobody has signed */
	CHECK_CODE(fields_of("{\"request\":\"e30.e30.\"}"), PGTC_E_CLAIM);
	CHECK_CODE(fields_of("{\"request_uri\":\"https://evil.example\"}"), PGTC_E_CLAIM);
	CHECK_CODE(fields_of("{\"scope\":\"a\",\"scope\":\"b\"}"), PGTC_E_DUPLICATE);
	CHECK_CODE(fields_of("{\"scope\":null}"), PGTC_E_MALFORMED);
	CHECK_CODE(fields_of("{\"scope\":\"a\\u0000b\"}"), PGTC_E_MALFORMED);
	CHECK_CODE(fields_of("{\"resource\":[1]}"), PGTC_E_MALFORMED);
	CHECK_CODE(fields_of("[]"), PGTC_E_MALFORMED);
	CHECK_CODE(fields_of("{\"a\":1}x"), PGTC_E_MALFORMED);

	for (i = 0; i < PGTC_FORM_FIELDS_MAX; i++)
		sprintf(many + strlen(many), ",\"b%d\":1", i);
	strcat(many, "}");
	CHECK_CODE(fields_of(many), PGTC_E_TOO_LONG);
	for (i = 0; i < 4; i++)
	{
		unit_fail_after(i);
		CHECK_CODE(fields_of("{\"a\":\"b\",\"c\":{\"d\":[1,2,3]}}"),
				   i == 0 ? PGTC_E_NOMEM : PGTC_OK);
		unit_fail_after(-1);
	}
	CHECK(unit_live() == live);
}

static void
types(void)
{
	CHECK(pgtc_request_jwt_typ_valid("") && pgtc_request_jwt_typ_valid("jwt") &&
		  pgtc_request_jwt_typ_valid("oauth-authz-req+jwt"));
	/* Attack shut out: another kind of JWT that the client has signed, taken for a request */
	CHECK(!pgtc_request_jwt_typ_valid("at+jwt") && !pgtc_request_jwt_typ_valid("dpop+jwt") &&
		  !pgtc_request_jwt_typ_valid("client-authentication+jwt") &&
		  !pgtc_request_jwt_typ_valid("secevent+jwt"));
}

static PgtcCode
check(const char *payload, bool demanded)
{
	PgtcClaims claims;
	PgtcCode code = pgtc_claims_read(pgtc_slice_str(payload), &claims);

	CHECK_CODE(code, PGTC_OK);
	code = pgtc_request_jwt_check(&claims, LITERAL("c"), LITERAL(ISSUER), NOW, demanded);
	pgtc_claims_free(&claims);
	return code;
}

#define WHO "\"iss\":\"c\",\"client_id\":\"c\",\"aud\":\"" ISSUER "\""
#define TIMES "\"nbf\":99990,\"exp\":100300"

/* C141: of whom, for whom and when; a client that must sign has to say it all */
static void
claims(void)
{
	CHECK_CODE(check("{}", false), PGTC_OK);
	CHECK_CODE(check("{}", true), PGTC_E_CLAIM);
	CHECK_CODE(check("{" WHO "," TIMES "}", true), PGTC_OK);
	CHECK_CODE(check("{\"client_id\":\"c\",\"aud\":\"" ISSUER "\"," TIMES "}", true),
			   PGTC_E_ISSUER);
	CHECK_CODE(check("{\"client_id\":\"c\",\"iss\":\"c\"," TIMES "}", true), PGTC_E_AUDIENCE);
	CHECK_CODE(check("{\"iss\":\"c\",\"aud\":\"" ISSUER "\"," TIMES "}", true), PGTC_E_CLAIM);
	CHECK_CODE(check("{" WHO ",\"exp\":100300}", true), PGTC_E_CLAIM);
	CHECK_CODE(check("{" WHO ",\"nbf\":99990}", true), PGTC_E_CLAIM);

	CHECK_CODE(check("{\"iss\":\"d\"}", false), PGTC_E_ISSUER);
	CHECK_CODE(check("{\"client_id\":\"d\"}", false), PGTC_E_CLAIM);
	CHECK_CODE(check("{\"aud\":\"https://other.example\"}", false), PGTC_E_AUDIENCE);
	CHECK_CODE(check("{\"aud\":[\"https://other.example\",\"" ISSUER "\"]}", false), PGTC_OK);
	/* Attack shut out: an assertion that the client authenticates by, taken for a request */
	CHECK_CODE(check("{\"iss\":\"c\",\"sub\":\"c\",\"aud\":\"" ISSUER "\",\"exp\":100060}", false),
			   PGTC_E_CLAIM);

	CHECK_CODE(check("{\"exp\":100000}", false), PGTC_E_EXPIRED);
	CHECK_CODE(check("{\"exp\":100001}", false), PGTC_OK);
	CHECK_CODE(check("{\"exp\":103600}", false), PGTC_OK);
	CHECK_CODE(check("{\"exp\":103601}", false), PGTC_E_EXPIRED);
	CHECK_CODE(check("{\"nbf\":97000,\"exp\":100600}", false), PGTC_OK);
	CHECK_CODE(check("{\"nbf\":97000,\"exp\":100601}", false), PGTC_E_EXPIRED);
	CHECK_CODE(check("{\"nbf\":100010}", false), PGTC_OK);
	CHECK_CODE(check("{\"nbf\":100011}", false), PGTC_E_NOT_YET);
	CHECK_CODE(check("{\"iat\":100011}", false), PGTC_E_NOT_YET);
	CHECK_CODE(check("{\"nbf\":96400}", false), PGTC_OK);
	CHECK_CODE(check("{\"nbf\":96399}", false), PGTC_E_EXPIRED);
	CHECK_CODE(check("{\"nbf\":9007199254740992,\"exp\":9007199254740992}", false), PGTC_E_NOT_YET);
}

static void
check_read(const char *text, const char *expected)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &unit_mem);
	pgtc_buf_append_str(&buf, "x");
	CHECK_CODE(pgtc_claims_parameter_read(pgtc_slice_str(text), &buf), PGTC_OK);
	CHECK(strcmp(buf.data + 1, expected) == 0);
	pgtc_buf_free(&buf);
}

static PgtcCode
read_code(const char *text)
{
	PgtcBuf buf;
	PgtcCode code;

	pgtc_buf_init(&buf, &unit_mem);
	code = pgtc_claims_parameter_read(pgtc_slice_str(text), &buf);
	if (code != PGTC_OK)
		CHECK(buf.len == 0);
	pgtc_buf_free(&buf);
	return code;
}

/* OpenID Connect Core section 5.5 */
static void
wishes(void)
{
	char many[PGTC_CLAIMS_PARAMETER_MAX + 64] = "{\"userinfo\":{\"a\":null";
	int i;

	check_read("{}", "{}");
	check_read(
		"{\"userinfo\": {\"name\": null, \"email\": {\"essential\": true}},"
		" \"id_token\": {\"acr\": {\"essential\": true, \"values\": [\"a\", \"b\"]},"
		" \"sub\": {\"value\": \"s\", \"other\": 1}}, \"elsewhere\": [1.5]}",
		"{\"id_token\":{\"acr\":{\"essential\":true,\"values\":[\"a\",\"b\"]},"
		"\"sub\":{\"value\":\"s\"}},\"userinfo\":{\"name\":{},\"email\":{\"essential\":true}}}");
	check_read("{\"userinfo\":null,\"id_token\":{\"a\\\"\":{\"essential\":false,\"value\":null}}}",
			   "{\"id_token\":{\"a\\\"\":{\"value\":null}}}");
	check_read("{\"id_token\":{\"a\":{\"value\":{\"b\":[[{\"c\":1}]]}}}}",
			   "{\"id_token\":{\"a\":{\"value\":{\"b\":[[{\"c\":1}]]}}}}");
	CHECK_CODE(read_code("{\"id_token\":{\"a\":{\"value\":{\"b\":[[{\"c\":[1]}]]}}}}"),
			   PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":{\"value\":1e300}}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":{\"values\":[0.5]}}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":{\"values\":\"b\"}}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":{\"essential\":\"true\"}}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":true}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"\":null}}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":[]}"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code("{\"id_token\":{\"a\":null,\"a\":null}}"), PGTC_E_DUPLICATE);
	CHECK_CODE(read_code("[]"), PGTC_E_MALFORMED);
	CHECK_CODE(read_code(""), PGTC_E_MALFORMED);
	for (i = 1; i < PGTC_CLAIMS_PARAMETER_CLAIMS_MAX; i++)
		sprintf(many + strlen(many), ",\"b%d\":null", i);
	strcat(many, "}}");
	CHECK_CODE(read_code(many), PGTC_OK);
	many[strlen(many) - 2] = '\0';
	strcat(many, ",\"c\":null}}");
	CHECK_CODE(read_code(many), PGTC_E_TOO_LONG);
	memset(many, ' ', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	CHECK_CODE(read_code(many), PGTC_E_TOO_LONG);
}

static bool
stands_for(const char *claim, const char *scope)
{
	const char *found = pgtc_claims_parameter_scope(pgtc_slice_str(claim));

	return scope == NULL ? found == NULL : found != NULL && strcmp(found, scope) == 0;
}

static void
scopes(void)
{
	CHECK(stands_for("name", "profile") && stands_for("name#ja-Kana-JP", "profile"));
	CHECK(stands_for("email_verified", "email") && stands_for("phone_number", "phone"));
	CHECK(stands_for("address", "address") && stands_for("role", NULL) && stands_for("", NULL));
	CHECK(stands_for("names", NULL) && stands_for("nam", NULL) && stands_for("#name", NULL));
}

void
test_request_object(void)
{
	members();
	types();
	claims();
	wishes();
	scopes();
}
