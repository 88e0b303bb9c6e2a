/*
 * answer_url.c
 *		URLs that a browser is sent to.
 */
#include "operations/answer_url.h"

#include "base/glue.h"
#include "core/base/buf.h"
#include "core/base/form.h"
#include "core/base/slice.h"

char *
answer_url_with(const char *url, const char *name, const char *value)
{
	PgtcBuf buf;
	char *string;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append_str(&buf, url);
	if (value)
		pgtc_form_append_query(&buf, name, pgtc_slice_str(value));
	glue_check(pgtc_buf_code(&buf), "writing a URL");
	string = pnstrdup(buf.data, buf.len);
	pgtc_buf_free(&buf);
	return string;
}
