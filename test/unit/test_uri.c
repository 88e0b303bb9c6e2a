/*
 * test_uri.c
 *		Resource indicators, issuer identifiers and redirection URIs.
 */
#include "unit.h"

#define RESOURCE 1
#define ISSUER 2
#define REDIRECT 4
#define NATIVE 8 /* alone; what any application may have, a native one may */

/* each text with the uses it is fit for */
static const struct
{
	const char *uri;
	int fit;
} cases[] = {
	{"https://api.example.com/", RESOURCE | ISSUER | REDIRECT},
	{"https://api.example.com", RESOURCE | ISSUER | REDIRECT},
	{"HTTPS://API.example.com:8443/a/b;c=d", RESOURCE | ISSUER | REDIRECT},
	{"https://[2001:db8::1]:443/a", RESOURCE | ISSUER | REDIRECT},
	{"https://a.example/%7Ejoe/%c3%a4", RESOURCE | ISSUER | REDIRECT},
	{"http://localhost:3000/cb", RESOURCE | ISSUER | REDIRECT},
	{"http://127.0.0.1:5/", RESOURCE | ISSUER | REDIRECT},
	{"http://[::1]/", RESOURCE | ISSUER | REDIRECT},
	/* plain http beyond the machine */
	{"http://a.example/", RESOURCE},
	{"http://localhost.a.example/", RESOURCE},
	{"http://127.0.0.10/", RESOURCE},
	{"http://[::2]/", RESOURCE},
	/* RFC 8414 section 2: no query */
	{"https://a.example/?x=1", RESOURCE | REDIRECT},
	{"https://a.example/cb?x=a%20b&y=/?", RESOURCE | REDIRECT},
	{"https://a.example/?", RESOURCE | REDIRECT},
	/* C69: an absolute URI of any scheme */
	{"urn:example:api", RESOURCE},
	{"urn:x", RESOURCE},
	{"file:///etc/x", RESOURCE},
	{"ftp://a.example/x", RESOURCE},
	{"com.example.app:/cb", RESOURCE | REDIRECT},
	{"com.example.app://cb", RESOURCE | REDIRECT},
	{"myapp:/cb", RESOURCE | NATIVE},
	{"cursor://anysphere.cursor-retrieval/oauth/callback", RESOURCE | NATIVE},
	{"vscode://vscode.github-authentication/did-authenticate?windowid=1", RESOURCE | NATIVE},
	{"x:y", RESOURCE | NATIVE},
	{"my-app+2:/cb", RESOURCE | NATIVE},
	{"myapp:/cb#x", 0},
	{"myapp:", 0},
	/* Attack: a redirection URI that runs script in the browser. */
	{"javascript:alert(1)", RESOURCE},
	{"data:text/html,x", RESOURCE},
	{"javascript://a.example/%0aalert(1)", RESOURCE},
	{"JavaScript:/x", RESOURCE},
	{"vbscript:x", RESOURCE},
	{"blob:https://a.example/1", RESOURCE},
	{"about:blank", RESOURCE},
	{"filesystem:https://a.example/x", RESOURCE},
	{"view-source:https://a.example/", RESOURCE},
	/* Attack: one that hands the code to whoever listens to such things */
	{"mailto:a@b.example", RESOURCE},
	{"intent://a.example/x", RESOURCE},
	{"content://a/x", RESOURCE},
	{"ws://a.example/", RESOURCE},
	{"wss://a.example/", RESOURCE},
	{"ssh://a.example/", RESOURCE},
	/* Attack: userinfo that looks like the host. */
	{"https://good.example@evil.example/", RESOURCE},
	{"https://@evil.example/", RESOURCE},
	{"http://localhost@evil.example/", RESOURCE},
	/* ports */
	{"https://a.example:0/", RESOURCE},
	{"https://a.example:65535/", RESOURCE | ISSUER | REDIRECT},
	{"https://a.example:65536/", RESOURCE},
	{"https://a.example:/", RESOURCE},
	{"https://a.example:8o/", 0},
	/* C69: no fragment, an absolute URI */
	{"https://a.example/#", 0},
	{"https://a.example/#frag", 0},
	{"com.example.app:/cb#x", 0},
	{"/relative", 0},
	{"//a.example/", 0},
	{"a.example", 0},
	{"", 0},
	{":", 0},
	{"https:", 0},
	{"https:a.example", 0},
	{"https:/a.example", 0},
	{"https://", 0},
	{"https:///path", 0},
	{"https://:443/", 0},
	{"urn:", 0},
	{"1urn:x", 0},
	{"ur n:x", 0},
	/* characters outside RFC 3986, and broken percent-encodings */
	{"https://a.example/a b", 0},
	{"https://a.example/\n", 0},
	{"https://a.example/\"", 0},
	{"https://a.example/<>", 0},
	{"https://a.example/\\evil.example", 0},
	{"https://a.example/{x}", 0},
	{"https://a.example/\xc3\xa4", 0},
	{"https://a.example/\x7f", 0},
	{"https://a.example/%", 0},
	{"https://a.example/%4", 0},
	{"https://a.example/%4g", 0},
	{"https://a.example/a^b", 0},
	{"https://a.example/?a[0]=1", 0},
	/* hosts */
	{"https://[::1/", 0},
	{"https://[::1]x/", 0},
	{"https://[zz]/", 0},
	{"https://[]/", 0},
	{"https://[fe80::1%25eth0]/", 0},
	{"https://[v1.x]/", 0},
	{"https://a[b/", 0},
	/* Attack: a pattern that another server would take for one, registered as a name */
	{"https://*.x.example/cb", RESOURCE},
	{"https://%2a.x.example/cb", RESOURCE},
	{"https://%2A/cb", RESOURCE},
	{"https://x*.example/", RESOURCE},
	{"com.example.app://*/cb", RESOURCE},
	{"https://x.example/*", RESOURCE | ISSUER | REDIRECT},
	{"https://a@b@c/", 0},
};

static void
table(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PgtcSlice uri = pgtc_slice_str(cases[i].uri);
		int fit = 0;

		if (pgtc_uri_check_resource(uri) == PGTC_OK)
			fit |= RESOURCE;
		if (pgtc_uri_check_issuer(uri) == PGTC_OK)
			fit |= ISSUER;
		if (pgtc_uri_check_redirect(uri) == PGTC_OK)
			fit |= REDIRECT;
		if (pgtc_uri_check_native_redirect(uri) == PGTC_OK)
			fit |= fit & REDIRECT ? 0 : NATIVE;
		else
			CHECK((fit & REDIRECT) == 0);
		unit_check(fit == cases[i].fit, "test_uri.c, case", (int) i);
	}
}

/* Attack: a NUL after which C code stops reading and another reader does not. */
static void
embedded_nul(void)
{
	CHECK_CODE(pgtc_uri_check_redirect(LITERAL("https://good.example\0.evil.example/")),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uri_check_native_redirect(LITERAL("app:/cb\0.evil.example/")),
			   PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uri_check_native_redirect(LITERAL("data\0:/x")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uri_check_resource(LITERAL("https://good.example/\0")), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_uri_check_issuer(LITERAL("http://[::1\0]/")), PGTC_E_MALFORMED);
}

static void
length(void)
{
	static char uri[PGTC_URI_MAX + 1];

	memset(uri, 'a', sizeof(uri));
	memcpy(uri, "https://", 8);
	CHECK_CODE(pgtc_uri_check_resource(pgtc_slice(uri, PGTC_URI_MAX)), PGTC_OK);
	CHECK_CODE(pgtc_uri_check_resource(pgtc_slice(uri, PGTC_URI_MAX + 1)), PGTC_E_TOO_LONG);
	CHECK_CODE(pgtc_uri_check_redirect(pgtc_slice(uri, PGTC_URI_MAX + 1)), PGTC_E_TOO_LONG);
	CHECK_CODE(pgtc_uri_check_native_redirect(pgtc_slice(uri, PGTC_URI_MAX + 1)), PGTC_E_TOO_LONG);
	CHECK_CODE(pgtc_uri_check_issuer(pgtc_slice(NULL, 0)), PGTC_E_MALFORMED);
}

/* RFC 3986 section 6.2: one spelling of each group, and no two groups alike */
static void
spellings(void)
{
	static const char *const groups[][8] = {
		{"https://api.example/", "https://api.example", "HTTPS://API.EXAMPLE:443",
		 "https://api.example:/", "https://%61pi.example/", "https://api.example/./a/.."},
		{"http://api.example/", "http://api.example:80", "HTTP://api.example"},
		{"https://api.example:80/", "https://API.example:80"},
		{"https://api.example/v1", "https://api.example/%76%31", "https://api.example/x/../v1",
		 "https://api.example/./v1", "https://api.example/../v1"},
		{"https://api.example/v1/", "https://api.example/v1/.", "https://api.example/v1/x/.."},
		{"https://api.example/V1"},
		{"https://api.example//v1"},
		{"https://api.example/?", "https://api.example?"},
		{"https://api.example/?a=%2F", "https://API.example?a=%2f"},
		{"https://api.example/?a=/"},
		{"https://api.example/?A=/"},
		{"https://api.example/a%2Fb", "https://api.example/a%2fb"},
		{"https://api.example/a/b"},
		{"https://api.example./"},
		{"https://User@api.example/"},
		{"https://user@api.example/", "https://use%72@API.example"},
		{"https://[2001:db8::1]/", "https://[2001:DB8:0:0:0:0:0:1]:443"},
		{"https://[::ffff:192.0.2.1]/", "https://[::FFFF:c000:201]"},
		{"urn:example:api", "URN:example:api", "urn:ex%61mple:api"},
		{"urn:example:API"},
		{"urn:example:a/../b"},
		{"urn:a:b?x"},
		{"x:/a/../b"},
		{"x://host", "X://HOST"},
		{"x://host/"},
		{"x://host:443/"},
	};
	size_t n = sizeof(groups) / sizeof(groups[0]);
	size_t i;
	size_t j;
	size_t other;

	for (i = 0; i < n; i++)
	{
		for (j = 0; j < 8 && groups[i][j] != NULL; j++)
		{
			char normal[PGTC_URI_NORMAL_MAX];
			size_t len;

			CHECK_CODE(pgtc_uri_normal_write(pgtc_slice_str(groups[i][j]), normal, &len), PGTC_OK);
			unit_check(pgtc_slice_equal(pgtc_slice(normal, len), pgtc_slice_str(groups[i][0])),
					   groups[i][j], (int) i);
			for (other = 0; other < n; other++)
				unit_check(pgtc_uri_normal_same(pgtc_slice_str(groups[i][j]),
												pgtc_slice_str(groups[other][0])) == (other == i),
						   groups[i][j], (int) other);
		}
	}
}

/* what cannot be a resource is equivalent to nothing but itself */
static void
no_spelling(void)
{
	static const char *const bad[] = {"", "x", "https://", "https://a/#f", "https://a/%zz", "a b"};
	static char large[PGTC_URI_MAX + 1];
	char normal[PGTC_URI_NORMAL_MAX];
	size_t len = 1;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CHECK_CODE(pgtc_uri_normal_write(pgtc_slice_str(bad[i]), normal, &len), PGTC_E_MALFORMED);
		CHECK(len == 0);
		CHECK(!pgtc_uri_normal_same(pgtc_slice_str(bad[i]), LITERAL("https://a/")));
	}
	/* the longest there is, and one more */
	memset(large, 'a', sizeof(large));
	memcpy(large, "https://", 8);
	CHECK_CODE(pgtc_uri_normal_write(pgtc_slice(large, PGTC_URI_MAX), normal, &len), PGTC_OK);
	CHECK(len == PGTC_URI_MAX + 1 && normal[PGTC_URI_MAX] == '/');
	CHECK_CODE(pgtc_uri_normal_write(pgtc_slice(large, PGTC_URI_MAX + 1), normal, &len),
			   PGTC_E_TOO_LONG);
}

void
test_uri(void)
{
	spellings();
	no_spelling();
	table();
	embedded_nul();
	length();
}
