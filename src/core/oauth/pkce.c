/*
 * pkce.c
 *		Proof keys for code exchange.
 */
#include "core/oauth/pkce.h"
#include "core/base/b64url.h"
#include "core/base/uri.h"

#define VERIFIER_MIN 43
#define VERIFIER_MAX 128

/* what is no SHA-256 in base64url matches nothing later, so it is told at once */
bool
pgtc_pkce_challenge_valid(PgtcSlice challenge)
{
	uint8_t digest[PGTC_SHA256_LEN];
	size_t len;

	return challenge.len == PGTC_CHALLENGE_LEN &&
		   pgtc_b64url_decode(challenge, digest, sizeof(digest), &len) == PGTC_OK;
}

/*
 *		code-verifier = 43*128unreserved
 *		unreserved    = ALPHA / DIGIT / "-" / "." / "_" / "~"
 *
 * RFC 7636 section 4.1.
 */
bool
pgtc_pkce_verifier_valid(PgtcSlice verifier)
{
	size_t i;

	if (verifier.len < VERIFIER_MIN || verifier.len > VERIFIER_MAX)
		return false;
	for (i = 0; i < verifier.len; i++)
	{
		if (!pgtc_uri_unreserved(verifier.data[i]))
			return false;
	}
	return true;
}

bool
pgtc_pkce_matches(PgtcSlice challenge, PgtcSlice verifier)
{
	char expected[PGTC_CHALLENGE_LEN + 1];
	bool matches;

	if (challenge.len != PGTC_CHALLENGE_LEN || !pgtc_pkce_verifier_valid(verifier) ||
		pgtc_crypto_digest_text(verifier.data, verifier.len, expected) != PGTC_OK)
		return false;
	matches = pgtc_crypto_equal(expected, challenge.data, PGTC_CHALLENGE_LEN);
	pgtc_crypto_wipe(expected, sizeof(expected));
	return matches;
}
