/*
 * claims_parameter.h
 *		The claims parameter (OpenID Connect Core section 5.5): single claims that a client
 *		asks for.
 */
#ifndef PGT_CORE_CLAIMS_PARAMETER_H
#define PGT_CORE_CLAIMS_PARAMETER_H

#include "core/base/buf.h"

#define PGTC_CLAIMS_PARAMETER_MAX 4096 /* bytes */
#define PGTC_CLAIMS_PARAMETER_CLAIMS_MAX 64 /* of either target */
#define PGTC_CLAIMS_PARAMETER_DEPTH 4 /* of what a value may be */

/*
 * Appends what is understood of it as JSON: of id_token and userinfo each claim, and of
 * that essential (true, or not there), value and values.  Everything else goes, as section
 * 5.5 says.  Refused: more bytes or claims than the above (PGTC_E_TOO_LONG), not a JSON
 * object, a name that is empty, a value that is nested deeper or is a number with a
 * fraction or an exponent, members of another type (PGTC_E_MALFORMED), duplicate members
 * (PGTC_E_DUPLICATE).  Nothing is appended then.
 */
extern PgtcCode pgtc_claims_parameter_read(PgtcSlice text, PgtcBuf *out);

/*
 * The scope that stands for the claim (OpenID Connect Core section 5.4), whatever language
 * it is asked for in (section 5.2); NULL: none does.
 */
extern const char *pgtc_claims_parameter_scope(PgtcSlice claim);

#endif /* PGT_CORE_CLAIMS_PARAMETER_H */
