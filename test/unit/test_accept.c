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

void
test_accept(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bool named;
		int quality =
			pgtc_accept_quality(pgtc_slice_str(cases[i].accept), "application/json", &named);

		unit_check(quality == cases[i].quality && named == cases[i].named, cases[i].accept,
				   quality);
	}
}
