/*
 * basic.c
 *		Basic credentials, encoded as forms are.
 */
#include "core/base/basic.h"
#include "core/base/base64.h"
#include "core/base/form.h"

/* RFC 7617 section 2: the first colon; RFC 6749 section 2.3.1: one inside the id is encoded */
static PgtcCode
split_credentials(PgtcSlice text, PgtcBuf *id, PgtcBuf *secret)
{
	const char *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
	size_t id_start = id->len;
	size_t id_len;
	PgtcCode code;

	if (colon == NULL)
		return PGTC_E_MALFORMED;
	id_len = (size_t) (colon - text.data);
	code = pgtc_form_decode(pgtc_slice(text.data, id_len), id);
	if (code == PGTC_OK)
		code = pgtc_form_decode(pgtc_slice(colon + 1, text.len - id_len - 1), secret);
	if (code != PGTC_OK)
		pgtc_buf_truncate(id, id_start);
	return code;
}

PgtcCode
pgtc_basic_read(PgtcSlice credentials, PgtcBuf *id, PgtcBuf *secret)
{
	PgtcBuf text;
	PgtcCode code;

	if (credentials.len > PGTC_BASIC_MAX)
		return PGTC_E_TOO_LONG;
	pgtc_buf_init(&text, id->mem);
	code = pgtc_base64_decode(credentials, &text);
	if (code == PGTC_OK)
		code = split_credentials(pgtc_slice(text.data, text.len), id, secret);
	pgtc_buf_free(&text);
	return code;
}
