/*
 * signing_key.h
 *		Signing keys: made, stored, parsed once per backend, used.
 */
#ifndef PGT_SIGNING_KEY_H
#define PGT_SIGNING_KEY_H

#include "base/compat.h"

#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/jose/key.h"

typedef enum SigningKeyState
{
	SIGNING_KEY_PENDING,
	SIGNING_KEY_ACTIVE,
	SIGNING_KEY_RETIRING
} SigningKeyState;

typedef struct SigningKey
{
	char *kid;
	char *issuer;
	const PgtcAlg *alg;
	SigningKeyState state;
	char *public_jwk; /* NULL for HS256 */
	char *access_header; /* of the access tokens it signs, encoded */
	PgtcKey verifier; /* parsed on first use, as the next */
	PgtcKey signer;
	struct SigningKey *next;
} SigningKey;

/* the active key, ready to sign; ereport(55000) when there is none */
extern const SigningKey *signing_key_active(const char *issuer, const PgtcAlg *alg);

/* an active or retiring key by the encoded header of an access token it has signed; NULL */
extern const SigningKey *signing_key_of_header(PgtcSlice header);

/* an active or retiring key by its kid, ready to verify; NULL */
extern const SigningKey *signing_key_verifying(const char *kid);

/*
 * One that maintain() has retired when its time had come, by its kid: what it has
 * signed opens nothing any more, but nobody else has signed it.  verifier is empty
 * where nothing is left to verify with.  NULL: there is none; one that was retired
 * for another reason counts as none.  In the current memory context.
 */
extern const SigningKey *signing_key_at_its_end(const char *kid);

/*
 * Make a key, or take the given one, and store it: active when the issuer has no
 * active key of the algorithm, pending otherwise.  Returns the kid.
 */
extern char *signing_key_create(const char *issuer, const PgtcAlg *alg, const char *private_key);

#endif /* PGT_SIGNING_KEY_H */
