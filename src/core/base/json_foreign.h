/*
 * json_foreign.h
 *		JSON that anybody may have sent, made into JSON that PostgreSQL reads without
 *		an error.
 */
#ifndef PGT_CORE_JSON_FOREIGN_H
#define PGT_CORE_JSON_FOREIGN_H

#include "core/base/buf.h"

#define PGTC_JSON_FOREIGN_DEPTH 16

typedef enum PgtcJsonForm
{
	PGTC_JSON_OBJECT,
	PGTC_JSON_ARRAY
} PgtcJsonForm;

/*
 * Appends the text anew: no member twice in any object, nothing after it, no NUL,
 * UTF-8, no more than PGTC_JSON_FOREIGN_DEPTH objects and arrays in each other, and
 * numbers that fit 64 bits or a double.  PGTC_E_MALFORMED (also for the other form),
 * PGTC_E_DUPLICATE, PGTC_E_TOO_LONG (too deep), PGTC_E_NOMEM.
 */
extern PgtcCode pgtc_json_foreign(PgtcSlice text, PgtcJsonForm form, PgtcBuf *out);

#endif /* PGT_CORE_JSON_FOREIGN_H */
