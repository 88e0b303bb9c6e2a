/*
 * test_accept.c
 *		Accept headers: what is wanted, and how much.
 */
#include "core/base/accept.h"
#include "unit.h"

static const struct
{
	const char *accept;
	int quality; /* of application/json */
	bool named;
} cases[] = {
	{"", 0, false},
	{"application/json", 1000, true},
	{"Application/JSON", 1000, true},
	{"text/html, application/json", 1000, true},
	{"application/json;q=0.5", 500, true},
	{"application/json ; Q=0.5", 500, true},
	{"application/json;charset=utf-8;q=0.25, */*", 250, true},
	{"*/*, application/json;q=0", 0, true},
	{"*/*;q=0.1, application/*;q=0.2", 200, false},
	{"application/*;q=0.2, */*", 200, false},
	{"*/*", 1000, false},
	{"text/*", 0, false},
	{"application/jso", 0, false},
	{"application/json2", 0, false},
	{"application/json;q=1.000", 1000, true},
	{"application/json;q=0.001", 1, true},
	{"application/json;q=0.", 0, true},
	{"application/json;q=1.001", 0, true},
	{"application/json;q=2", 0, true},
	{"application/json;q=-1", 0, true},
	{"application/json;q=0.1234", 0, true},
	{"application/json;q=", 0, true},
	{"application/json;q=1e1", 0, true},
	{"application/json;myq=0.5", 1000, true},
	{"application/json;x=\"q=0\"", 1000, true},
	/* a parameter whose name ends in q is no weight */
	{"application/json;seq=0", 1000, true},
	{"application/json;seq=0;q=0.5", 500, true},
	{"application/json; seq=0 ; q=0", 0, true},
	{"application/json;q =0", 1000, true},
	{"application/json;qs=0", 1000, true},
	{",,;,application/json,", 1000, true},
	{"application/json;q=0.2, application/json;q=0.9", 200, true},
	{";q=1", 0, false},
};

static const struct
{
	const char *accept;
	bool gzip;
} codings[] = {
	{"", false},
	{"gzip", true},
	{"GZIP", true},
	{"br, gzip;q=0.8", true},
	{"br;q=1.0,gzip ; q=0.001,*;q=0", true},
	{"gzip;q=0", false},
	{"gzip; q=0.000", false},
	{"gzip;q=0, gzip", false},
	{"gzip;q=2", false},
	{"*", false},
	{"identity", false},
	{"x-gzip", false},
	{"gzi", false},
	{"gzip2", false},
	{",;,gzip", true},
};

void
test_accept(void)
{
	size_t i;

	for (i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
	{
		bool gzip = pgtc_accept_coding(pgtc_slice_str(codings[i].accept), "gzip");

		unit_check(gzip == codings[i].gzip, codings[i].accept, gzip);
	}

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bool named;
		int quality =
			pgtc_accept_quality(pgtc_slice_str(cases[i].accept), "application/json", &named);

		unit_check(quality == cases[i].quality && named == cases[i].named, cases[i].accept,
				   quality);
	}
}
