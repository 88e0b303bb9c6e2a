/*
 * answer_url.c
 *		Where a browser is sent: URLs with what an answer has to say.
 */
#include "operations/answer_url.h"

#include "base/glue.h"
#include "base/member.h"
#include "core/base/buf.h"
#include "core/base/form.h"
#include "core/base/slice.h"

static char *
finish_url(PgtcBuf *url)
{
	char *string;

	glue_check(pgtc_buf_code(url), "writing a URL");
	string = pnstrdup(url->data, url->len);
	pgtc_buf_free(url);
	return string;
}

/* the redirect URI of the request with what every answer has: state and iss */
static void
begin_url(const Issuer *issuer, Jsonb *parameters, PgtcBuf *url)
{
	pgtc_buf_init(url, &glue_mem);
	pgtc_buf_append_str(url, member_string(parameters, "redirect_uri"));
	pgtc_form_append_query(url, "iss", pgtc_slice_str(issuer->issuer));
	pgtc_form_append_query(url, "state", pgtc_slice_str(member_string(parameters, "state")));
}

char *
answer_url_error(const Issuer *issuer, Jsonb *parameters, const char *error,
				 const char *description)
{
	PgtcBuf url;

	begin_url(issuer, parameters, &url);
	pgtc_form_append_query(&url, "error", pgtc_slice_str(error));
	pgtc_form_append_query(&url, "error_description", pgtc_slice_str(description));
	return finish_url(&url);
}

char *
answer_url_code(const Issuer *issuer, Jsonb *parameters, const char *code)
{
	PgtcBuf url;

	begin_url(issuer, parameters, &url);
	pgtc_form_append_query(&url, "code", pgtc_slice_str(code));
	return finish_url(&url);
}

char *
answer_url_with(const char *url, const char *name, const char *value)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append_str(&buf, url);
	if (value)
		pgtc_form_append_query(&buf, name, pgtc_slice_str(value));
	return finish_url(&buf);
}
