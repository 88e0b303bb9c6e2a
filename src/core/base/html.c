/*
 * html.c
 *		HTML, written: texts of others between tags and in attributes.
 */
#include "core/base/html.h"
#include "core/base/base64.h"
#include "core/base/crypto.h"

/* NULL: it stands for itself */
static const char *
reference(char c)
{
	switch (c)
	{
		case '&':
			return "&amp;";
		case '<':
			return "&lt;";
		case '>':
			return "&gt;";
		case '"':
			return "&quot;";
		case '\'':
			return "&#39;";
		default:
			return NULL;
	}
}

void
pgtc_html_escape(PgtcSlice text, PgtcBuf *out)
{
	size_t begin = 0;
	size_t i;

	for (i = 0; i < text.len; i++)
	{
		const char *instead = reference(text.data[i]);

		if (instead == NULL)
			continue;
		pgtc_buf_append(out, text.data + begin, i - begin);
		pgtc_buf_append_str(out, instead);
		begin = i + 1;
	}
	if (text.len > begin)
		pgtc_buf_append(out, text.data + begin, text.len - begin);
}

void
pgtc_html_element(const char *name, PgtcSlice text, PgtcBuf *out)
{
	pgtc_buf_append_str(out, "<");
	pgtc_buf_append_str(out, name);
	pgtc_buf_append_str(out, ">");
	pgtc_html_escape(text, out);
	pgtc_buf_append_str(out, "</");
	pgtc_buf_append_str(out, name);
	pgtc_buf_append_str(out, ">\n");
}

void
pgtc_html_hidden(PgtcSlice name, PgtcSlice value, PgtcBuf *out)
{
	pgtc_buf_append_str(out, "<input type=\"hidden\" name=\"");
	pgtc_html_escape(name, out);
	pgtc_buf_append_str(out, "\" value=\"");
	pgtc_html_escape(value, out);
	pgtc_buf_append_str(out, "\">\n");
}

PgtcCode
pgtc_html_hash(const char *content, PgtcBuf *out)
{
	uint8_t digest[PGTC_SHA256_LEN];
	PgtcCode code = pgtc_crypto_sha256(content, strlen(content), digest);

	if (code != PGTC_OK)
		return code;
	pgtc_buf_append_str(out, "'sha256-");
	pgtc_base64_encode(digest, sizeof(digest), out);
	pgtc_buf_append_str(out, "'");
	return pgtc_buf_code(out);
}
