/*
 * page.c
 *		Answers that a person sees: HTML, in a browser that asks for it.
 *
 * Whatever a client or a link has brought is text here, escaped, and the policy that
 * goes with each page lets nothing else in: style and script are named by their
 * hashes, so that one that was injected would be another, and do nothing.
 */
#include "http/page.h"

#include "base/glue.h"
#include "base/object.h"
#include "base/refused.h"
#include "core/base/buf.h"
#include "core/base/html.h"
#include "core/base/slice.h"

/* what the hash is of must come out byte by byte */
static const char style[] =
	":root{color-scheme:light dark;--back:#eef1f6;--card:#fff;--text:#18202c;--line:#cdd4de;"
	"--accent:#1d4fd7;--on-accent:#fff}"
	"@media (prefers-color-scheme:dark){:root{--back:#0f141b;--card:#19202a;--text:#e7ebf1;"
	"--line:#34404f;--accent:#8fb4ff;--on-accent:#0c1626}}"
	"body{margin:0;padding:clamp(0rem,5vw,4rem) clamp(0rem,4vw,2rem);background:var(--back);"
	"color:var(--text);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
	"main{box-sizing:border-box;max-width:32rem;margin:0 auto;padding:clamp(1.25rem,5vw,2.25rem);"
	"background:var(--card);border:1px solid var(--line);border-radius:.9rem}"
	"@media (max-width:30rem){body{background:var(--card)}main{border:0}}"
	"h1{margin:0 0 1rem;font-size:1.6rem;line-height:1.25}p{margin:0 0 1rem}"
	"code{font-family:ui-monospace,monospace;font-size:.9em}"
	"button{width:100%;min-height:2.75rem;padding:.5rem 1.1rem;background:var(--accent);"
	"border:0;border-radius:.5rem;color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}"
	":focus-visible{outline:3px solid var(--accent);outline-offset:2px}";
static const char script[] = "document.forms[0].submit()";

/* the policy but for what follows; scripts: the one above may run */
static void
begin_policy(PgtcBuf *policy, bool scripts)
{
	pgtc_buf_init(policy, &glue_mem);
	pgtc_buf_append_str(policy, "default-src 'none'; style-src ");
	glue_check(pgtc_html_hash(style, policy), "hashing a style");
	if (scripts)
	{
		pgtc_buf_append_str(policy, "; script-src ");
		glue_check(pgtc_html_hash(script, policy), "hashing a script");
	}
	pgtc_buf_append_str(policy, "; base-uri 'none'; frame-ancestors 'none'; form-action ");
}

static char *
finish(PgtcBuf *buf)
{
	char *text;

	glue_check(pgtc_buf_code(buf), "writing a page");
	text = pnstrdup(buf->data, buf->len);
	pgtc_buf_free(buf);
	return text;
}

static void
begin_page(PgtcBuf *page, const char *title)
{
	pgtc_buf_init(page, &glue_mem);
	pgtc_buf_append_str(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
							  "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
							  "content=\"width=device-width, initial-scale=1\">\n");
	pgtc_html_element("title", pgtc_slice_str(title), page);
	pgtc_buf_append_str(page, "<style>");
	pgtc_buf_append_str(page, style);
	pgtc_buf_append_str(page, "</style>\n</head>\n<body>\n<main>\n");
	pgtc_html_element("h1", pgtc_slice_str(title), page);
}

/* more: what stands behind the text of the page */
static char *
finish_page(HttpExchange *x, PgtcBuf *page, const char *more, char *policy)
{
	pgtc_buf_append_str(page, "</main>\n");
	pgtc_buf_append_str(page, more);
	pgtc_buf_append_str(page, "</body>\n</html>\n");
	x->content_type = "text/html; charset=utf-8";
	http_answer_header(x, "Content-Security-Policy", policy);
	http_answer_header(x, "Referrer-Policy", "no-referrer");
	http_answer_header(x, "X-Content-Type-Options", "nosniff");
	return finish(page);
}

/* a browser that navigates names text/html, and JSON at most by */
static bool
wants_page(const HttpExchange *x)
{
	return http_prefers(x, "text/html", "application/json") &&
		   !http_prefers(x, "application/json", "text/html");
}

static const char *
advice(const HttpExchange *x, PgtErr err)
{
	if (x->status == 503)
		return "This service cannot answer just now. Please try again in a few seconds.";
	if (err == PGT_ERR_NOT_FOUND)
		return "There is no such page here. Please check the address.";
	if (err == PGT_ERR_REQUEST_URI || err == PGT_ERR_ANSWER)
		return "This page was good for a short time, and once. Please go back to the application "
			   "that you came from, and start again.";
	return "Please go back to the application that you came from, and try again. If it happens "
		   "again, tell those who run it: what it has asked for cannot be answered here.";
}

char *
page_error(HttpExchange *x, PgtErr err)
{
	Jsonb *body = http_error(x, err);
	PgtcBuf policy;
	PgtcBuf page;

	if (!wants_page(x))
		return object_text(body);
	begin_policy(&policy, false);
	pgtc_buf_append_str(&policy, "'none'");
	begin_page(&page, "That did not work");
	pgtc_html_element("p", pgtc_slice_str(advice(x, err)), &page);
	pgtc_buf_append_str(&page, "<p>What went wrong, for those who run the application: <code>");
	pgtc_html_escape(pgtc_slice_str(errors_info(err)->error), &page);
	pgtc_buf_append_str(&page, "</code>, ");
	pgtc_html_escape(pgtc_slice_str(refused_description(err)), &page);
	pgtc_buf_append_str(&page, ".</p>\n");
	return finish_page(x, &page, "", finish(&policy));
}

/*
 * Browsers hold form-action against the redirects that follow as well, and a client may
 * answer what is posted with one to a host of its own: the scheme is what can be
 * promised.
 */
static const char *
may_be_posted_to(const char *url)
{
	return strncmp(url, "http:", strlen("http:")) == 0 ? "http: https:" : "https:";
}

char *
page_form(HttpExchange *x, const char *url, char *const *names, char *const *values, int n)
{
	PgtcBuf policy;
	PgtcBuf page;

	begin_policy(&policy, true);
	pgtc_buf_append_str(&policy, may_be_posted_to(url));
	begin_page(&page, "One moment");
	pgtc_buf_append_str(&page, "<form method=\"post\" action=\"");
	pgtc_html_escape(pgtc_slice_str(url), &page);
	pgtc_buf_append_str(&page, "\">\n");
	for (int i = 0; i < n; i++)
		pgtc_html_hidden(pgtc_slice_str(names[i]), pgtc_slice_str(values[i]), &page);
	pgtc_buf_append_str(&page, "<p>You are being taken back to the application.</p>\n"
							   "<p><button>Continue</button></p>\n</form>\n");
	x->status = 200;
	return finish_page(x, &page, psprintf("<script>%s</script>\n", script), finish(&policy));
}
