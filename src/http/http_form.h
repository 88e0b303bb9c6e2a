/*
 * http_form.h
 *		The parameters of a request: a body or a query string, as a form.
 */
#ifndef PGT_HTTP_FORM_H
#define PGT_HTTP_FORM_H

#include "base/compat.h"

#include "http/http.h"

/*
 * Its fields, and client_id.  What cannot be read is x->form_err: there are no
 * fields then.  is_body: what Content-Type and Content-Encoding say is about it.
 */
extern void http_form_read(HttpExchange *x, PgtcSlice form, bool is_body);

#endif /* PGT_HTTP_FORM_H */
