/*
 * test_client_url.c
 *		client_ids that are URLs of metadata.
 */
#include "core/oauth/client_url.h"
#include "unit.h"

static const struct
{
	const char *client_id;
	const char *authority; /* NULL: refused */
} cases[] = {
	{"https://app.example/client.json", "app.example"},
	{"https://app.example/", "app.example"},
	{"https://a-b.app.example:8443/oauth/metadata", "a-b.app.example:8443"},
	{"https://app.example/.well-known/client", "app.example"},
	{"https://app.example/a//b...c", "app.example"},
	{"https://xn--bcher-kva.example/c", "xn--bcher-kva.example"},
	/* no URL of the kind */
	{"https://app.example", NULL},
	{"http://app.example/c", NULL},
	{"ftp://app.example/c", NULL},
	{"app", NULL},
	{"", NULL},
	{"https://", NULL},
	{"https:///c", NULL},
	/* Attack: one document under many names, each of them a client. */
	{"HTTPS://app.example/c", NULL},
	{"https://App.example/c", NULL},
	{"https://app.example:443/c", NULL},
	{"https://app.example:08443/c", NULL},
	{"https://app.example:/c", NULL},
	{"https://app.example:0/c", NULL},
	{"https://app.example:65536/c", NULL},
	{"https://app.example./c", NULL},
	{"https://app.example/a/../c", NULL},
	{"https://app.example/./c", NULL},
	{"https://app.example/a/..", NULL},
	{"https://app.example/%2e%2E/c", NULL},
	{"https://app.example/.%2e/c", NULL},
	{"https://app.example/c?a=1", NULL},
	{"https://app.example/c#f", NULL},
	{"https://app.example/c#", NULL},
	/* Attack: a host that is not the one that a person reads. */
	{"https://app.example@evil.example/c", NULL},
	{"https://app.example:x@evil.example/c", NULL},
	{"https://evil.example\\@app.example/c", NULL},
	{"https://app.example%2fevil.example/c", NULL},
	{"https://app.example%00.evil.example/c", NULL},
	/* Attack: the server fetches from itself, or from its neighbours. */
	{"https://localhost/c", NULL},
	{"https://a.localhost/c", NULL},
	{"https://127.0.0.1/c", NULL},
	{"https://127.1/c", NULL},
	{"https://2130706433/c", NULL},
	{"https://0x7f.0x0.0x0.0x1/c", NULL},
	{"https://017700000001/c", NULL},
	{"https://169.254.169.254/c", NULL},
	{"https://[::1]/c", NULL},
	{"https://[fd00::1]/c", NULL},
	{"https://intranet/c", NULL},
	{"https://.example/c", NULL},
	{"https://app..example/c", NULL},
	{"https://-app.example/c", NULL},
	{"https://app_1.example/c", NULL},
	{"https://*.example/c", NULL},
};

void
test_client_url(void)
{
	char text[PGTC_CLIENT_URL_MAX + 2];
	PgtcClientUrl url;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PgtcCode code = pgtc_client_url_read(pgtc_slice_str(cases[i].client_id), &url);

		unit_check((code == PGTC_OK) == (cases[i].authority != NULL) &&
					   (code != PGTC_OK ||
						pgtc_slice_equal(url.authority, pgtc_slice_str(cases[i].authority))),
				   "test_client_url.c, case", (int) i);
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, cases[0].client_id, strlen(cases[0].client_id));
	CHECK_CODE(pgtc_client_url_read(pgtc_slice(text, PGTC_CLIENT_URL_MAX), &url), PGTC_OK);
	CHECK_CODE(pgtc_client_url_read(pgtc_slice(text, PGTC_CLIENT_URL_MAX + 1), &url),
			   PGTC_E_TOO_LONG);
	CHECK_CODE(pgtc_client_url_read(pgtc_slice(NULL, 0), &url), PGTC_E_MALFORMED);
	CHECK_CODE(pgtc_client_url_read(LITERAL("https://app.example/\0"), &url), PGTC_E_MALFORMED);
}
