/*
 * json_text.h
 *		A value that jansson has read, as JSON text again.  As in json_read.h, its types are
 *		jansson's.
 */
#ifndef PGT_CORE_JSON_TEXT_H
#define PGT_CORE_JSON_TEXT_H

#include <jansson.h>

#include "core/base/buf.h"

/* appended, without spaces; a string has its quotes */
extern PgtcCode pgtc_json_text_append(PgtcBuf *buf, const json_t *value);

/* are there no more levels of arrays and objects than these, and no number with a fraction or an exponent? */
extern bool pgtc_json_text_plain(const json_t *value, int depth);

#endif /* PGT_CORE_JSON_TEXT_H */
