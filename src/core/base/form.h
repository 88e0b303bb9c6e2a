/*
 * form.h
 *		application/x-www-form-urlencoded: bodies and query strings (WHATWG URL
 *		section 5, RFC 6749 appendix B).
 */
#ifndef PGT_CORE_FORM_H
#define PGT_CORE_FORM_H

#include "core/base/buf.h"

#define PGTC_FORM_MAX 65536 /* bytes of a body */
#define PGTC_FORM_FIELDS_MAX 200

typedef struct PgtcFormField
{
	PgtcSlice name;
	PgtcSlice value;
} PgtcFormField;

typedef struct PgtcForm
{
	int n;
	PgtcFormField field[PGTC_FORM_FIELDS_MAX];
	PgtcBuf storage; /* what the slices point into */
} PgtcForm;

/*
 * Fields in their order, decoded.  Refused: a broken percent-encoding, a NUL,
 * bytes that are not UTF-8 once decoded (PGTC_E_MALFORMED), more than
 * PGTC_FORM_MAX bytes or PGTC_FORM_FIELDS_MAX fields (PGTC_E_TOO_LONG).  A name
 * without "=" has the empty value; empty pieces between "&" are passed over.
 * On failure out is empty.
 */
extern PgtcCode pgtc_form_parse(PgtcSlice body, const PgtcMem *mem, PgtcForm *out);
extern bool pgtc_form_is_other_type(PgtcSlice body); /* JSON or multipart, by how it begins */
extern void pgtc_form_free(PgtcForm *form); /* wipes: forms hold secrets */

/* a name, other than those of the NULL-terminated list, that occurs twice; data == NULL: none */
extern PgtcSlice pgtc_form_repeated(const PgtcForm *form, const char *const *repeatable);

/* one component, decoded and appended; refusals as above */
extern PgtcCode pgtc_form_decode(PgtcSlice in, PgtcBuf *out);

/* one component, encoded for a query string: everything but RFC 3986's unreserved characters as %XX */
extern void pgtc_form_encode(PgtcSlice in, PgtcBuf *out);

/*
 * Appends name=value, with the "&" or "?" that url (which has no fragment) needs
 * before it; data == NULL appends nothing.
 */
extern void pgtc_form_append_query(PgtcBuf *url, const char *name, PgtcSlice value);

#endif /* PGT_CORE_FORM_H */
