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
#include "core/jose/token.h"

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
	bool foreign; /* imported to verify only: whatever it has signed was signed elsewhere */
	char *uri; /* NULL: the private key is held here; otherwise in hardware, by this name */
	char *access_header; /* of the access tokens it signs, encoded */
	PgtcKey verifier; /* parsed on first use, as the next */
	PgtcKey signer; /* empty where the key is in hardware */
	struct SigningKey *next;
} SigningKey;

/* the active key, for signing_key_write; ereport(55000) when there is none */
extern const SigningKey *signing_key_active(const char *issuer, const PgtcAlg *alg);

/* signs; ereport(58000) when the key is in hardware that does not answer */
extern void signing_key_write(const SigningKey *key, const PgtcTokenSpec *spec, PgtcBuf *out,
							  const char *doing);

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

/* the same for a key in hardware, which stays there; ereport(22023, 58000) */
extern char *signing_key_create_in_hardware(const char *issuer, const PgtcAlg *alg,
											const char *uri);

/* NULL: a pending or active key that is in hardware signs; otherwise why it does not, a phrase */
extern const char *signing_key_hardware_problem(const char *kid);

/* for imported_key.c: what signing_key_create does before and after */
extern const char *signing_key_begin_create(const char *issuer, const PgtcAlg *alg);
extern void signing_key_store_private(const char *kid, const PgtcKey *key);

#endif /* PGT_SIGNING_KEY_H */
