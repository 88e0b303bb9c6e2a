/*
 * pkcs11.h
 *		Private keys in hardware, by OpenSSL's provider for PKCS #11.
 */
#ifndef PGT_PKCS11_H
#define PGT_PKCS11_H

#include "base/compat.h"

#include <openssl/evp.h>

/*
 * The private key that a URI without a problem (core/base/pkcs11_uri.h) names; NULL
 * when *out and *libctx are filled, otherwise what stands in the way, a phrase that
 * tells no PIN.  The caller frees *out before pkcs11_close.
 */
extern const char *pkcs11_open(const char *uri, EVP_PKEY **out, OSSL_LIB_CTX **libctx);

/* let go of tokens and module; the next open begins anew.  Raises nothing */
extern void pkcs11_close(void);

#endif /* PGT_PKCS11_H */
