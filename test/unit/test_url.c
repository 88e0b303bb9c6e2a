/*
 * test_url.c
 *		Comparing web URLs: a proof's target, a redirect URI, a sector's host.
 */
#include "unit.h"

/* both ways round */
static bool
same(const char *a, const char *b)
{
	bool one = pgtc_url_same_target(pgtc_slice_str(a), pgtc_slice_str(b));
	bool other = pgtc_url_same_target(pgtc_slice_str(b), pgtc_slice_str(a));

	CHECK(one == other);
	return one;
}

/* C62: RFC 9449 section 4.3 check 9, RFC 3986 sections 6.2.2 and 6.2.3 */
static void
targets(void)
{
	static const char url[] = "https://s.example/token";

	CHECK(same(url, url));
	CHECK(same(url, "https://s.example/token?a=b"));
	CHECK(same(url, "https://s.example/token#f"));
	CHECK(same(url, "https://s.example/token?a#f?g"));
	CHECK(same(url, "HTTPS://S.Example:443/token"));
	CHECK(same(url, "https://s.example:/token"));
	CHECK(same(url, "https://s.example/%74oken"));
	CHECK(same(url, "https://s%2eexample/token"));
	CHECK(same("https://s.example/a%2fb%C3%A4", "https://s.example/a%2Fb%c3%a4"));
	CHECK(same("https://s.example", "https://s.example/"));
	CHECK(same("https://s.example?x", "https://s.example/"));
	CHECK(same("http://s.example:80/a", "http://s.example/a"));
	CHECK(same("https://[2001:db8::A]:8443/a", "https://[2001:DB8::a]:8443/a"));

	/* Attack: a proof for one endpoint, or of one server, at another. */
	CHECK(!same(url, "https://s.example/Token"));
	CHECK(!same(url, "https://s.example/token/"));
	CHECK(!same(url, "https://s.example/toke"));
	CHECK(!same(url, "https://s.example/"));
	CHECK(!same(url, "https://t.example/token"));
	CHECK(!same(url, "https://s.example.org/token"));
	CHECK(!same(url, "http://s.example/token"));
	CHECK(!same(url, "http://s.example:443/token"));
	CHECK(!same(url, "https://s.example:80/token"));
	CHECK(!same(url, "https://s.example:4430/token"));
	CHECK(!same("https://s.example/a/b", "https://s.example/a%2Fb"));
	CHECK(!same("https://s.example/a%2525", "https://s.example/a%25"));
	CHECK(!same("https://s.example/%25", "https://s.example/%2525"));
	CHECK(!same("https://s.example/A", "https://s.example/%61"));
	CHECK(same("https://s.example/%41", "https://s.example/A"));
}

static void
no_targets(void)
{
	static const char *const urls[] = {"",
									   "?",
									   "#",
									   "x",
									   "/token",
									   "https:",
									   "https:/",
									   "https://",
									   "https:///a",
									   "https://:443/a",
									   "s.example/token",
									   "ftp://s.example/token",
									   "urn:a:b",
									   "https://u@s.example/token",
									   "https://u:p@s.example/token",
									   "https://s.example/a b",
									   "https://s.example/%", //
									   "https://s.example/%4",
									   "https://[::1/a",
									   "https://s.example:x/a",
									   "https:s.example/a"};
	size_t i;

	/* what is no web URL is no target, not even its own */
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		CHECK(!same(urls[i], urls[i]));
		CHECK(pgtc_url_host(pgtc_slice_str(urls[i])).data == NULL);
	}
	CHECK(!pgtc_url_same_target(pgtc_slice(NULL, 0), pgtc_slice(NULL, 0)));
	CHECK(!pgtc_url_same_target(LITERAL("https://s.example/\0a"), LITERAL("https://s.example/")));
}

static bool
host_is(const char *url, const char *host)
{
	return pgtc_slice_equal(pgtc_url_host(pgtc_slice_str(url)), pgtc_slice_str(host));
}

static void
hosts(void)
{
	CHECK(host_is("https://a.example", "a.example"));
	CHECK(host_is("https://A.example:8443/x?y:z@b.example", "A.example"));
	CHECK(host_is("https://a.example?x", "a.example"));
	CHECK(host_is("https://a.example#x", "a.example"));
	CHECK(host_is("http://127.0.0.1:8080/cb", "127.0.0.1"));
	CHECK(host_is("https://[::1]/x", "[::1]"));
	CHECK(host_is("https://[::1]:443/x", "[::1]"));
	CHECK(pgtc_url_host(LITERAL("com.example.app:/cb")).data == NULL);
	CHECK(pgtc_url_host(pgtc_slice(NULL, 0)).data == NULL);
}

static bool
matches(const char *registered, const char *requested)
{
	return pgtc_redirect_matches(pgtc_slice_str(registered), pgtc_slice_str(requested), false);
}

static bool
matches_native(const char *registered, const char *requested)
{
	return pgtc_redirect_matches(pgtc_slice_str(registered), pgtc_slice_str(requested), true);
}

static void
redirects(void)
{
	CHECK(matches("https://a.example/cb", "https://a.example/cb"));
	CHECK(matches("com.example.app:/cb", "com.example.app:/cb"));
	CHECK(matches("http://localhost:5/cb", "http://localhost:5/cb"));
	/* RFC 8252 section 7.3: any port */
	CHECK(matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
	CHECK(matches("http://127.0.0.1:5/cb?x=1", "http://127.0.0.1:51004/cb?x=1"));
	CHECK(matches("http://127.0.0.1:5/cb", "http://127.0.0.1/cb"));
	CHECK(matches("http://[::1]/cb", "http://[::1]:61023/cb"));
	CHECK(matches("http://127.0.0.1", "http://127.0.0.1:1"));

	/* Attack: a redirection to somebody else, by any likeness of the two (RFC 9700 section 4.1). */
	CHECK(!matches("https://a.example/cb", "https://a.example/cb/"));
	CHECK(!matches("https://a.example/cb", "https://a.example/CB"));
	CHECK(!matches("https://a.example/cb", "https://A.example/cb"));
	CHECK(!matches("https://a.example/cb", "https://a.example/cb?x"));
	CHECK(!matches("https://a.example/cb", "https://a.example:443/cb"));
	CHECK(!matches("https://a.example/cb", "https://a.example.evil.example/cb"));
	CHECK(!matches("https://a.example/cb", ""));
	CHECK(!matches("http://127.0.0.1/cb", "https://127.0.0.1:5/cb"));
	CHECK(!matches("https://127.0.0.1/cb", "https://127.0.0.1:5/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5/cb2"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5/"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5/cb?x"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5/cb#x"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.2:5/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://[::1]:5/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://localhost:5/cb"));
	CHECK(!matches("http://localhost/cb", "http://localhost:5/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1:5@evil.example/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://127.0.0.1.evil.example:5/cb"));
	CHECK(!matches("http://127.0.0.1/cb", "http://evil.example/cb"));
}

/* many native applications listen on a free port of localhost, and say so when they are registered */
static void
native_redirects(void)
{
	CHECK(matches_native("http://localhost/cb", "http://localhost:49152/cb"));
	CHECK(matches_native("http://localhost:5/cb?x=1", "http://localhost:49152/cb?x=1"));
	CHECK(matches_native("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
	CHECK(matches_native("cursor://a/cb", "cursor://a/cb"));

	/* Attack: somebody else's address, under cover of that. */
	CHECK(!matches_native("http://localhost/cb", "http://localhost:5/cb2"));
	CHECK(!matches_native("http://localhost/cb", "http://localhost:5/cb?x"));
	CHECK(!matches_native("http://localhost/cb", "https://localhost:5/cb"));
	CHECK(!matches_native("https://localhost/cb", "https://localhost:5/cb"));
	CHECK(!matches_native("http://localhost/cb", "http://127.0.0.1:5/cb"));
	CHECK(!matches_native("http://localhost/cb", "http://localhost.evil.example:5/cb"));
	CHECK(!matches_native("http://localhost/cb", "http://localhost:5@evil.example/cb"));
	CHECK(!matches_native("http://localhost/cb", "http://localhost:0/cb"));
	CHECK(!matches_native("http://localhost/cb", "http://localhost:99999/cb"));
	CHECK(!matches_native("cursor://a/cb", "cursor://a:5/cb"));
	CHECK(!matches_native("cursor://a/cb", "cursor://a/cb/"));
	CHECK(!matches_native("https://a.example/cb", "https://a.example:5/cb"));
}

void
test_url(void)
{
	targets();
	no_targets();
	hosts();
	redirects();
	native_redirects();
}
