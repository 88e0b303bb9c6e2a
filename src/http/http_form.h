/*
 * http_form.h
 *		The two doors of an endpoint: a form as raw text, or as named arguments.
 */
#ifndef PGT_HTTP_FORM_H
#define PGT_HTTP_FORM_H

#include "base/compat.h"

#include "http/http.h"

/* fills x->fields and x->form_err */
extern void http_form_read(FunctionCallInfo fcinfo, HttpExchange *x);

#endif /* PGT_HTTP_FORM_H */
