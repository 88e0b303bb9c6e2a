/*
 * url_fuzzer.c
 *		Comparing URLs; an input is two of them with a line feed between.
 */
#include "core/base/uri.h"
#include "core/base/url.h"
#include "core/oauth/redirect.h"
#include "fuzz.h"

static bool
starts_with(PgtcSlice text, const char *start)
{
	return text.len >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static void
check_one(PgtcSlice url)
{
	PgtcSlice host = pgtc_url_host(url);

	REQUIRE(pgtc_redirect_matches(url, url, false) && pgtc_redirect_matches(url, url, true));
	if (host.data == NULL)
		return;
	REQUIRE(host.len > 0 && host.data >= url.data && host.data + host.len <= url.data + url.len);
	/* what has a host is a target, and its own */
	REQUIRE(pgtc_url_same_target(url, url));
}

static void
check_redirect(PgtcSlice registered, PgtcSlice requested)
{
	PgtcSlice host = pgtc_url_host(requested);

	/* what is one for any application is one for a native one */
	REQUIRE(!pgtc_redirect_matches(registered, requested, false) ||
			pgtc_redirect_matches(registered, requested, true));
	if (pgtc_slice_equal(registered, requested) ||
		!pgtc_redirect_matches(registered, requested, true))
		return;
	/* nothing but the port of a loopback address was passed over */
	REQUIRE(pgtc_uri_check_redirect(requested) == PGTC_OK);
	REQUIRE(pgtc_slice_equal(host, pgtc_url_host(registered)));
	REQUIRE(pgtc_slice_equal(host, pgtc_slice_str("127.0.0.1")) ||
			pgtc_slice_equal(host, pgtc_slice_str("[::1]")) ||
			(pgtc_slice_equal(host, pgtc_slice_str("localhost")) &&
			 !pgtc_redirect_matches(registered, requested, false)));
	REQUIRE(!starts_with(requested, "https") && !starts_with(registered, "https"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	PgtcSlice a = fuzz_slice(data, lf != NULL ? (size_t) (lf - data) : size);
	PgtcSlice b = lf != NULL ? fuzz_slice(lf + 1, size - a.len - 1) : pgtc_slice(NULL, 0);

	check_one(a);
	check_one(b);
	check_redirect(a, b);
	check_redirect(b, a);
	REQUIRE(pgtc_url_same_target(a, b) == pgtc_url_same_target(b, a));
	return 0;
}
