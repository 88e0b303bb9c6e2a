/*
 * secret_hash_verify.h
 *		Is it the hash of this secret?
 */
#ifndef PGT_CORE_SECRET_HASH_VERIFY_H
#define PGT_CORE_SECRET_HASH_VERIFY_H

#include "core/oauth/secret_hash.h"

/*
 * Is it the hash of this secret?  PGTC_E_SIGNATURE when it is not, also for what
 * is no secret (RFC 6749 appendix A.2: printable ASCII), too long, or for bcrypt
 * longer than it can see.  PGTC_E_ALG: the libraries here do not have it.
 */
extern PgtcCode pgtc_secret_hash_verify(const PgtcSecretHash *hash, PgtcSlice secret);

#endif /* PGT_CORE_SECRET_HASH_VERIFY_H */
