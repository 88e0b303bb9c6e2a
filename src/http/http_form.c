/*
 * http_form.c
 *		The parameters of a request: a body or a query string, as a form.
 */
#include "http/http_form.h"

#include "base/glue.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/form.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

/* RFC 8707 section 2 and RFC 8693 section 2.1 let them occur several times */
static const char *const repeatable[] = {"resource", "audience", NULL};

/* a name that a parameter could have: anything else may be a secret whose name was left out */
static const char *
shown_name(PgtcSlice name)
{
	for (size_t i = 0; i < name.len; i++)
	{
		if (name.data[i] != '_' && (name.data[i] < 'a' || name.data[i] > 'z'))
			return "";
	}
	return pnstrdup(name.data, name.len);
}

/* who sends no type, or an empty body, is believed to send a form */
static bool
is_other_type(const HttpExchange *x)
{
	char *type = http_header(x, "content-type");
	PgtcSlice media_type = pgtc_slice_str(type);

	if (type == NULL || type[0] == '\0')
		return false;
	media_type = pgtc_slice_trim(pgtc_slice_take(&media_type, ';'), " \t");
	return media_type.len != strlen(FORM_TYPE) ||
		   pg_strncasecmp(media_type.data, FORM_TYPE, media_type.len) != 0;
}

/* RFC 9110 section 15.5.16: what came is not what was sent, and nobody here can make it so */
static bool
is_compressed(const HttpExchange *x)
{
	char *encoding = http_header(x, "content-encoding");

	return encoding && encoding[0] && pg_strcasecmp(encoding, "identity") != 0;
}

static PgtErr
read_fields(HttpExchange *x, PgtcSlice text)
{
	PgtcForm *form = palloc(sizeof(PgtcForm));
	PgtcSlice repeated;

	if (pgtc_form_parse(text, &glue_mem, form) != PGTC_OK)
		return PGT_ERR_REQUEST_MALFORMED;
	x->fields = palloc(sizeof(HttpField) * Max(form->n, 1));
	for (int i = 0; i < form->n; i++)
		x->fields[i] = (HttpField){pnstrdup(form->field[i].name.data, form->field[i].name.len),
								   pnstrdup(form->field[i].value.data, form->field[i].value.len)};
	x->n_fields = form->n;
	repeated = pgtc_form_repeated(form, repeatable);
	if (repeated.data)
		return refused(PGT_ERR_REQUEST_REPEATED, shown_name(repeated), NULL, NULL);
	pgtc_form_free(form);
	return PGT_OK;
}

void
http_form_read(HttpExchange *x, PgtcSlice form, bool is_body)
{
	if (form.len > PGTC_FORM_MAX)
		x->form_err = is_body ? PGT_ERR_REQUEST_TOO_LARGE : PGT_ERR_REQUEST_MALFORMED;
	else if (is_body && is_compressed(x))
		x->form_err = PGT_ERR_REQUEST_ENCODING;
	else if (is_body && form.len > 0 && (is_other_type(x) || pgtc_form_is_other_type(form)))
		x->form_err = PGT_ERR_REQUEST_NOT_FORM;
	else
		x->form_err = read_fields(x, form);
	x->client_id = http_param(x, "client_id");
}
