/*
 * console_files.c
 *		The console's pages: files that were built and installed, and where it finds itself.
 *
 * A flat folder: a name is looked at, character by character, and nothing else is ever
 * part of a path.  What the build has named by its content never changes and may be kept
 * for good; index.html, which names it, is asked for each time.
 */
#include "endpoints/console_files.h"

#include "base/object.h"
#include "base/share_file.h"
#include "core/base/accept.h"
#include "core/base/slice.h"
#include "http/page.h"
#include "tables/console.h"

#define FOLDER "pgtoken/console"
#define INDEX "index.html"
#define NAME_MAX_LEN 128
#define COMPRESSED ".gz"
#define HASH_LEN 8 /* of what the build puts before a name's ending, behind a hyphen */
#define A_YEAR (365 * 24 * 60 * 60)

static const struct
{
	const char *ending;
	const char *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".html", "text/html; charset=utf-8"},
	{".ico", "image/x-icon"},
	{".js", "text/javascript; charset=utf-8"},
	{".json", "application/json"},
	{".png", "image/png"},
	{".svg", "image/svg+xml"},
	{".txt", "text/plain; charset=utf-8"},
	{".webmanifest", "application/manifest+json"},
	{".woff2", "font/woff2"},
};

static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'";

static bool
ends_with(const char *name, const char *ending)
{
	size_t len = strlen(name);
	size_t ending_len = strlen(ending);

	return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

/* NULL: nothing that is served */
static const char *
type_of(const char *name)
{
	for (size_t i = 0; i < lengthof(types); i++)
	{
		if (ends_with(name, types[i].ending))
			return types[i].type;
	}
	return NULL;
}

static bool
is_plain_name(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return name[0] != '.' && name[len] == '\0' && len <= NAME_MAX_LEN;
}

/* app-BsX3k_9f.js */
static bool
is_named_by_content(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot - name > HASH_LEN + 1 && dot[-HASH_LEN - 1] == '-' &&
		   (strcmp(dot, ".js") == 0 || strcmp(dot, ".css") == 0 || strcmp(dot, ".woff2") == 0 ||
			strcmp(dot, ".svg") == 0);
}

static void
protect(HttpExchange *x)
{
	http_answer_header(x, "Content-Security-Policy", policy);
	http_answer_header(x, "X-Content-Type-Options", "nosniff");
	http_answer_header(x, "Referrer-Policy", "no-referrer");
	http_answer_header(x, "Cross-Origin-Opener-Policy", "same-origin");
	http_answer_header(x, "Cross-Origin-Resource-Policy", "same-origin");
}

static char *
answer_file(HttpExchange *x, const char *name)
{
	const char *type = is_plain_name(name) ? type_of(name) : NULL;
	PgtcSlice bytes;
	bool compressed;

	if (type == NULL || console_find(x->issuer->issuer) == NULL)
		return page_error(x, PGT_ERR_NOT_FOUND);
	compressed = pgtc_accept_coding(pgtc_slice_str(http_header(x, "accept-encoding")), "gzip") &&
				 share_file_read(FOLDER, psprintf("%s" COMPRESSED, name), &bytes);
	if (!compressed && !share_file_read(FOLDER, name, &bytes))
		return page_error(x, PGT_ERR_NOT_FOUND);
	protect(x);
	http_answer_header(x, "Vary", "Accept-Encoding");
	if (compressed)
		http_answer_header(x, "Content-Encoding", "gzip");
	x->content_type = type;
	x->immutable = is_named_by_content(name);
	x->max_age = x->immutable ? A_YEAR : 0;
	x->body_len = bytes.len;
	return unconstify(char *, bytes.data);
}

char *
console_files_home(HttpExchange *x)
{
	if (console_find(x->issuer->issuer) == NULL)
		return page_error(x, PGT_ERR_NOT_FOUND);
	x->status = 308;
	http_answer_header(x, "Location", psprintf("%s/", x->url));
	return NULL;
}

char *
console_files_index(HttpExchange *x)
{
	return answer_file(x, INDEX);
}

char *
console_files(HttpExchange *x)
{
	return answer_file(x, x->name);
}

char *
console_files_configuration(HttpExchange *x)
{
	const Console *console = console_find(x->issuer->issuer);
	char *scopes[CONSOLE_ACCESSES];
	Object object;

	if (console == NULL)
		return object_text(http_error(x, PGT_ERR_NOT_FOUND));
	for (int i = 0; i < CONSOLE_ACCESSES; i++)
		scopes[i] = unconstify(char *, console_scope(i));
	object_begin(&object);
	object_string(&object, "issuer", x->issuer->issuer);
	object_string(&object, "client_id", console->client_id);
	object_string(&object, "resource", console->resource);
	object_strings(&object, "scopes", scopes, lengthof(scopes));
	object_string(&object, "version", PGTOKEN_VERSION);
	protect(x);
	return object_text(object_end(&object));
}
