/*
 * configuration_row.c
 *		Rows of the configuration, as they go into a file and come out of it.
 *
 * Key material is opened and wrapped here, so that its plain bytes are in no value that
 * SQL sees.
 */
#include "tables/configuration_row.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/store.h"
#include "core/base/base64.h"
#include "core/base/crypto.h"
#include "core/jose/envelope.h"
#include "tables/key_material.h"

static void
append_row(StoreRow *row, void *arg)
{
	PgtcBuf *text = arg;
	char *table = store_text(row);
	char *json = store_text(row);
	char *material_id = store_text(row);
	bytea *material = store_bytea(row);
	bool wrapped = store_bool(row);
	PgtcBuf plain;

	pgtc_buf_init(&plain, &glue_mem);
	if (material_id)
	{
		pgtc_buf_append_str(&plain, ""); /* also the material of no bytes is there */
		key_material_open(material_id, material, wrapped, &plain);
		pgtc_crypto_wipe(VARDATA_ANY(material), VARSIZE_ANY_EXHDR(material));
	}
	pgtc_configuration_lines_add(text, pgtc_slice_str(table), pgtc_slice_str(json),
								 pgtc_slice(plain.data, plain.len));
	pgtc_buf_free(&plain);
	if (text->len > PGTC_ENVELOPE_CONTENT_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the configuration is too large for a file"),
						errdetail("It may have %d MB.", PGTC_ENVELOPE_CONTENT_MAX / 1024 / 1024)));
}

static StoreQuery configuration_rows_query =
	STORE_QUERY("configuration rows", STORE_READS,
				"SELECT r.table_name, r.content, r.material_id, r.material, r.wrapped "
				"FROM pgtoken.configuration_rows() r");

uint64
configuration_row_list(PgtcBuf *text)
{
	return store_run(&configuration_rows_query, NULL, append_row, text);
}

static Jsonb *
json_of(PgtcSlice text)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append(&buf, text.data, text.len);
	glue_check(pgtc_buf_code(&buf), "reading a row of the configuration");
	return object_of_buf(&buf);
}

static bytea *
bytea_of(const PgtcBuf *buf)
{
	bytea *bytes = palloc(VARHDRSZ + buf->len);

	SET_VARSIZE(bytes, VARHDRSZ + buf->len);
	memcpy(VARDATA(bytes), buf->data, buf->len);
	return bytes;
}

static void
compare_material(const char *material_id, const PgtcBuf *plain, ConfigurationRow *row)
{
	PgtcBuf here;

	pgtc_buf_init(&here, &glue_mem);
	row->is_there = key_material_read_optional(material_id, &here);
	row->is_same = row->is_there && here.len == plain->len &&
				   pgtc_crypto_equal(here.data, plain->data, plain->len);
	pgtc_buf_free(&here);
}

static void
read_material(PgtcSlice base64, ConfigurationRow *row)
{
	char *material_id = member_string(row->row, "material_id");
	PgtcBuf plain;
	PgtcBuf stored;

	pgtc_buf_init(&plain, &glue_mem);
	pgtc_buf_init(&stored, &glue_mem);
	if (material_id == NULL || pgtc_base64_decode(base64, &plain) != PGTC_OK || plain.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the file is no configuration"),
				 errdetail("It has key material without a name or bytes.")));
	row->wrapped = key_material_seal(material_id, plain.data, plain.len, &stored);
	row->material = bytea_of(&stored);
	compare_material(material_id, &plain, row);
	pgtc_buf_free(&plain);
	pgtc_buf_free(&stored);
}

void
configuration_row_read(const PgtcConfigurationLine *line, ConfigurationRow *row)
{
	memset(row, 0, sizeof(*row));
	row->table = pnstrdup(line->table.data, line->table.len);
	row->row = json_of(line->row);
	if (line->material.data != NULL)
		read_material(line->material, row);
}
