/*
 * test_request_target.c
 *		Targets of requests, and octets that are passed on as characters.
 */
#include "core/base/request_target.h"
#include "unit.h"

static const struct
{
	const char *target;
	const char *path;
	const char *query; /* NULL: there is none */
	const char *authority; /* the same */
} targets[] = {
	{"/", "/", NULL, NULL},
	{"/a/b", "/a/b", NULL, NULL},
	{"/a?b=c", "/a", "b=c", NULL},
	{"/a?", "/a", "", NULL},
	{"/a?b?c", "/a", "b?c", NULL},
	{"?b", "/", "b", NULL},
	{"", "/", NULL, NULL},
	{"//h/a", "//h/a", NULL, NULL},
	{"http://h/a?b", "/a", "b", "h"},
	{"HTTPS://h:1/a", "/a", NULL, "h:1"},
	{"http://h", "/", NULL, "h"},
	{"http://h?b", "/", "b", "h"},
	{"http:///a", "/a", NULL, ""},
	{"http://u@h/a", "/a", NULL, "u@h"},
	{"*", "*", NULL, NULL},
	{"a:b", "a:b", NULL, NULL},
	{"://h/a", "://h/a", NULL, NULL},
	{"http:/a", "http:/a", NULL, NULL},
	{"http:", "http:", NULL, NULL},
	/* what looks like one in a path or a query is none */
	{"/x://h/a", "/x://h/a", NULL, NULL},
	{"/a?u=http://h/b", "/a", "u=http://h/b", NULL},
	{"?u=http://h/b", "/", "u=http://h/b", NULL},
	{"/%2e%2E/\xff", "/%2e%2E/\xff", NULL, NULL},
};

static const struct
{
	const char *text;
	const char *octets; /* NULL: it is refused */
} texts[] = {
	{"", ""},
	{"abc\x7f", "abc\x7f"},
	{"\xc2\x80", "\x80"},
	{"a\xc3\xbfz", "a\xffz"},
	{"\xc3\x83\xc2\xa4", "\xc3\xa4"},
	{"\xc4\x80", NULL},
	{"\xe2\x82\xac", NULL},
	{"\xc3", NULL},
	{"\xc3z", NULL},
	{"\xa4", NULL},
	{"\xc0\x80", NULL},
	{"\xc1\xbf", NULL},
	{"\xff", NULL},
};

void
test_request_target(void)
{
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
	{
		PgtcSlice authority;
		PgtcSlice path;
		PgtcSlice query;

		pgtc_request_target_split(pgtc_slice_str(targets[i].target), &authority, &path, &query);
		unit_check((authority.data == NULL) == (targets[i].authority == NULL) &&
					   pgtc_slice_equal(authority, pgtc_slice_str(targets[i].authority)),
				   targets[i].target, (long) authority.len);
		unit_check(pgtc_slice_equal(path, pgtc_slice_str(targets[i].path)), targets[i].target,
				   (long) path.len);
		unit_check((query.data == NULL) == (targets[i].query == NULL) &&
					   pgtc_slice_equal(query, pgtc_slice_str(targets[i].query)),
				   targets[i].target, (long) query.len);
	}
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		char octets[16];
		long n = pgtc_request_target_octets(pgtc_slice_str(texts[i].text), octets);

		unit_check(texts[i].octets ? n == (long) strlen(texts[i].octets) &&
										 memcmp(octets, texts[i].octets, (size_t) n) == 0
								   : n == -1,
				   texts[i].text, n);
	}
}
