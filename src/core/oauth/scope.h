/*
 * scope.h
 *		Scope lists (RFC 6749 section 3.3 and appendix A.4).
 *
 *		scope       = scope-token *( SP scope-token )
 *		scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
 */
#ifndef PGT_CORE_SCOPE_H
#define PGT_CORE_SCOPE_H

#include "core/base/buf.h"

#define PGTC_SCOPE_MAX 100 /* tokens in a list */
#define PGTC_SCOPE_TOKEN_MAX 255 /* bytes in a token */

/* order of first appearance, no repeats; the slices point into the input */
typedef struct PgtcScope
{
	int n;
	PgtcSlice token[PGTC_SCOPE_MAX];
} PgtcScope;

/*
 * Several spaces between tokens, and spaces at the ends, are refused as the
 * grammar says; the empty string is the empty list.
 */
extern PgtcCode pgtc_scope_parse(PgtcSlice in, PgtcScope *out);

/* add one token if it is not there; PGTC_E_MALFORMED, PGTC_E_TOO_LONG */
extern PgtcCode pgtc_scope_add(PgtcScope *scope, PgtcSlice token);
extern bool pgtc_scope_has(const PgtcScope *scope, PgtcSlice token);
extern bool pgtc_scope_has_str(const PgtcScope *scope, const char *token);
extern bool pgtc_scope_subset(const PgtcScope *inner, const PgtcScope *outer);
extern void pgtc_scope_remove(PgtcScope *scope, PgtcSlice token);
extern void pgtc_scope_write(const PgtcScope *scope, PgtcBuf *out);

#endif /* PGT_CORE_SCOPE_H */
