/*
 * html.h
 *		HTML, written: texts of others between tags and in attributes.
 *
 * Attributes are always quoted, and no text of others is ever the name of
 * anything, a comment, a style or a script, for which other rules hold.
 */
#ifndef PGT_CORE_HTML_H
#define PGT_CORE_HTML_H

#include "core/base/buf.h"

/* the text, so that between tags and in a quoted attribute it is itself and nothing else */
extern void pgtc_html_escape(PgtcSlice text, PgtcBuf *out);

/* <name>text</name>; the name is ours */
extern void pgtc_html_element(const char *name, PgtcSlice text, PgtcBuf *out);

/* a field of a form that nobody sees */
extern void pgtc_html_hidden(PgtcSlice name, PgtcSlice value, PgtcBuf *out);

/*
 * How a Content-Security-Policy names this one style or script (CSP Level 3 section
 * 2.3.1); PGTC_E_CRYPTO
 */
extern PgtcCode pgtc_html_hash(const char *content, PgtcBuf *out);

#endif /* PGT_CORE_HTML_H */
