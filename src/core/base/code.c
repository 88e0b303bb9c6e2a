/*
 * code.c
 *		The texts of result codes.
 */
#include "core/base/code.h"

const char *
pgtc_code_text(PgtcCode code)
{
	switch (code)
	{
		case PGTC_OK:
			return "success";
		case PGTC_E_NOMEM:
			return "out of memory";
		case PGTC_E_MALFORMED:
			return "malformed input";
		case PGTC_E_TOO_LONG:
			return "input too long";
		case PGTC_E_DUPLICATE:
			return "duplicate member in a JSON object";
		case PGTC_E_ALG:
			return "unknown or unexpected algorithm";
		case PGTC_E_KEY:
			return "key of the wrong type, curve or size";
		case PGTC_E_SIGNATURE:
			return "signature does not match";
		case PGTC_E_CRIT:
			return "critical header extension not understood";
		case PGTC_E_EXPIRED:
			return "expired";
		case PGTC_E_NOT_YET:
			return "not valid yet";
		case PGTC_E_ISSUER:
			return "unexpected issuer";
		case PGTC_E_AUDIENCE:
			return "unexpected audience";
		case PGTC_E_CLAIM:
			return "claim missing or of the wrong type";
		case PGTC_E_CRYPTO:
			return "cryptographic library failure";
		case PGTC_E_ROOT_KEY:
			return "no matching root key";
	}
	return "unknown result code";
}
