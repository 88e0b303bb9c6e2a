/*
 * pkcs11_uri.h
 *		URIs that name a private key in a token of hardware (RFC 7512).
 */
#ifndef PGT_CORE_PKCS11_URI_H
#define PGT_CORE_PKCS11_URI_H

#include "core/base/slice.h"

#define PGTC_PKCS11_URI_MAX 1024

/* of CK_TOKEN_INFO (PKCS #11 section 3.2), filled up with spaces */
#define PGTC_PKCS11_LABEL_LEN 32
#define PGTC_PKCS11_SERIAL_LEN 16

/*
 * NULL: it names one token (token or serial) and a key there (object or id), and
 * carries nothing else, above all no PIN and no path.  Otherwise a constant
 * sentence that says what is wrong, without quoting it.
 */
extern const char *pgtc_pkcs11_uri_problem(PgtcSlice uri);

/* of a URI without a problem: is the token of this label and serial number the one it names? */
extern bool pgtc_pkcs11_uri_names_token(PgtcSlice uri, const uint8_t *label, const uint8_t *serial);

#endif /* PGT_CORE_PKCS11_URI_H */
