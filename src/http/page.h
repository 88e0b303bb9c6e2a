/*
 * page.h
 *		Answers that a person sees: HTML, in a browser that asks for it.
 */
#ifndef PGT_PAGE_H
#define PGT_PAGE_H

#include "base/compat.h"

#include "http/http.h"

/* http_error() as a page for a person, in plain words; as JSON for whoever does not ask for HTML by name */
extern char *page_error(HttpExchange *x, PgtErr err);

/*
 * A page that posts the fields to the URL of a client, by itself or, where there are
 * no scripts, when its button is pressed.  n: of names and values.
 */
extern char *page_form(HttpExchange *x, const char *url, char *const *names, char *const *values,
					   int n);

#endif /* PGT_PAGE_H */
