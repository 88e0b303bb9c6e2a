/*
 * configuration_lines.c
 *		A configuration as text, a JSON object a line.
 *
 * Lines have one form each, so that they are cut and not parsed: PostgreSQL alone reads
 * what is in a row, and the bytes of keys lie outside of rows.
 */
#include "core/base/configuration_lines.h"
#include "core/base/base64.h"
#include "core/base/json_write.h"
#include "core/base/text.h"

#define FORMAT_BEGIN "{\"pgtoken_configuration\":"
#define FORMAT_MAX 9999
#define ABOUT_BEGIN "\"about\":"
#define TABLE_BEGIN "{\"table\":\""
#define MATERIAL_BEGIN "\"material\":\""
#define ROW_BEGIN "\"row\":"

void
pgtc_configuration_lines_begin(PgtcBuf *text, PgtcSlice about)
{
	pgtc_buf_append_str(text, "{");
	pgtc_json_write_member_int(text, "pgtoken_configuration", PGTC_CONFIGURATION_FORMAT);
	pgtc_json_write_member_json(text, "about", about);
	pgtc_buf_append_str(text, "}\n");
}

void
pgtc_configuration_lines_add(PgtcBuf *text, PgtcSlice table, PgtcSlice row, PgtcSlice material)
{
	pgtc_buf_append_str(text, "{");
	pgtc_json_write_member(text, "table", table);
	if (material.data != NULL)
	{
		pgtc_buf_append_str(text, "," MATERIAL_BEGIN);
		pgtc_base64_encode(material.data, material.len, text);
		pgtc_buf_append_str(text, "\"");
	}
	pgtc_json_write_member_json(text, "row", row);
	pgtc_buf_append_str(text, "}\n");
}

static bool
take(PgtcSlice *text, const char *expected)
{
	size_t len = strlen(expected);

	if (text->len < len || memcmp(text->data, expected, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

/* what stands in front of the closing quote, which has to be there */
static bool
take_string(PgtcSlice *text, PgtcSlice *out)
{
	size_t before = text->len;

	*out = pgtc_slice_take(text, '"');
	return out->len < before;
}

/* the rest of a line, but for the brace that ends it */
static bool
take_object(PgtcSlice line, PgtcSlice *out)
{
	if (line.len < 3 || line.data[0] != '{' || line.data[line.len - 1] != '}')
		return false;
	*out = pgtc_slice(line.data, line.len - 1);
	return out->data[out->len - 1] == '}';
}

static bool
is_table(PgtcSlice name)
{
	for (size_t i = 0; i < name.len; i++)
	{
		if (name.data[i] != '_' && (name.data[i] < 'a' || name.data[i] > 'z'))
			return false;
	}
	return name.len > 0;
}

PgtcCode
pgtc_configuration_lines_about(PgtcSlice *text, PgtcSlice *about)
{
	PgtcSlice line = pgtc_slice_take(text, '\n');
	PgtcSlice format;

	if (!take(&line, FORMAT_BEGIN))
		return PGTC_E_MALFORMED;
	format = pgtc_slice_take(&line, ',');
	if (!pgtc_text_digits(format))
		return PGTC_E_MALFORMED;
	if (pgtc_text_number(format, FORMAT_MAX) != PGTC_CONFIGURATION_FORMAT)
		return PGTC_E_CLAIM;
	return take(&line, ABOUT_BEGIN) && take_object(line, about) ? PGTC_OK : PGTC_E_MALFORMED;
}

PgtcCode
pgtc_configuration_lines_next(PgtcSlice *text, PgtcConfigurationLine *line)
{
	PgtcSlice rest = pgtc_slice_take(text, '\n');

	line->material = pgtc_slice(NULL, 0);
	if (!take(&rest, TABLE_BEGIN) || !take_string(&rest, &line->table) || !is_table(line->table) ||
		!take(&rest, ","))
		return PGTC_E_MALFORMED;
	if (take(&rest, MATERIAL_BEGIN) && (!take_string(&rest, &line->material) || !take(&rest, ",")))
		return PGTC_E_MALFORMED;
	return take(&rest, ROW_BEGIN) && take_object(rest, &line->row) ? PGTC_OK : PGTC_E_MALFORMED;
}
