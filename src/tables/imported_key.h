/*
 * imported_key.h
 *		Signing keys of another server, which keep the name they have there.
 */
#ifndef PGT_IMPORTED_KEY_H
#define PGT_IMPORTED_KEY_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "core/jose/alg.h"

/* a key of another server, as it is brought in */
typedef struct ImportedKey
{
	const char *text;
	const char *format; /* jwk, pkcs8 or pkcs12 */
	const char *password; /* of pkcs12; NULL: none */
	const PgtcAlg *alg; /* NULL: what the key says, or what its type is mostly used with */
	const char *kid; /* NULL: what the key says, or its thumbprint */
	TimestampTz verify_until; /* it only verifies, and until then; DT_NOBEGIN: it signs, too */
} ImportedKey;

/*
 * Takes such a key by its kid; *existed: it is there already.  Returns the
 * kid; ereport(22023, 55000).
 */
extern char *imported_key_take(const char *issuer, const ImportedKey *imported, bool *existed);

#endif /* PGT_IMPORTED_KEY_H */
