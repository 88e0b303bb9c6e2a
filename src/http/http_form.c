/*
 * http_form.c
 *		The parameters of a request: a body or a query string, as a form.
 */
#include "http/http_form.h"

#include "base/glue.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/form.h"
#include "http/http_body.h"

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
	else if (is_body && http_body_is_compressed(x))
		x->form_err = PGT_ERR_REQUEST_ENCODING;
	else if (is_body && form.len > 0 &&
			 (!http_body_is_of_type(x, FORM_TYPE) || pgtc_form_is_other_type(form)))
		x->form_err = PGT_ERR_REQUEST_NOT_FORM;
	else
		x->form_err = read_fields(x, form);
	x->client_id = http_param(x, "client_id");
}
