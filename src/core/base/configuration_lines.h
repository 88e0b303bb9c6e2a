/*
 * configuration_lines.h
 *		A configuration as text: a JSON object a line, of which the first says what this is,
 *		and each other is a row of a table.
 */
#ifndef PGT_CORE_CONFIGURATION_LINES_H
#define PGT_CORE_CONFIGURATION_LINES_H

#include "core/base/buf.h"

#define PGTC_CONFIGURATION_FORMAT 1

typedef struct PgtcConfigurationLine
{
	PgtcSlice table; /* a-z and _ */
	PgtcSlice row; /* a JSON object */
	PgtcSlice material; /* base64; data == NULL: none goes with it */
} PgtcConfigurationLine;

/* about: a JSON object that says when and by what it was made */
extern void pgtc_configuration_lines_begin(PgtcBuf *text, PgtcSlice about);

/* material: bytes, not yet base64 */
extern void pgtc_configuration_lines_add(PgtcBuf *text, PgtcSlice table, PgtcSlice row,
										 PgtcSlice material);

/*
 * Both take the next line off text.  They read what the two above write, and nothing else
 * that is the same JSON.  PGTC_E_MALFORMED; pgtc_configuration_lines_about: PGTC_E_CLAIM for
 * another format.
 */
extern PgtcCode pgtc_configuration_lines_about(PgtcSlice *text, PgtcSlice *about);
extern PgtcCode pgtc_configuration_lines_next(PgtcSlice *text, PgtcConfigurationLine *line);

#endif /* PGT_CORE_CONFIGURATION_LINES_H */
