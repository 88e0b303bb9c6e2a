/*
 * alg.c
 *		The table of signature algorithms, one row each.
 *
 * "none" has no row, so nothing can name it into existence (RFC 8725 section
 * 3.2).  Rows are compared by address: a key points to the row it is pinned to.
 */
#include "core/jose/alg.h"

/* RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2; FAPI 2.0 Security Profile section 5.4.1; COSE: RFC 8152 section 8, RFC 8812 section 2 */
static const PgtcAlg algs[] = {
	{"ES256", NULL, PGTC_KTY_EC, "P-256", "prime256v1", "SHA256", "SHA256", 32, false, true, -7},
	{"ES384", NULL, PGTC_KTY_EC, "P-384", "secp384r1", "SHA384", "SHA384", 48, false, false, 0},
	{"ES512", NULL, PGTC_KTY_EC, "P-521", "secp521r1", "SHA512", "SHA512", 66, false, false, 0},
	{"RS256", NULL, PGTC_KTY_RSA, NULL, NULL, "SHA256", "SHA256", 0, false, false, -257},
	{"PS256", NULL, PGTC_KTY_RSA, NULL, NULL, "SHA256", "SHA256", 0, true, true, 0},
	/* Ed25519 hashes with SHA-512 inside, so at_hash does too */
	{"EdDSA", "Ed25519", PGTC_KTY_OKP, "Ed25519", "ED25519", NULL, "SHA512", 32, false, true, -8},
	{"HS256", NULL, PGTC_KTY_OCT, NULL, NULL, "SHA256", "SHA256", 0, false, false, 0},
};

#define N_ALGS ((int) (sizeof(algs) / sizeof(algs[0])))

const PgtcAlg *
pgtc_alg_by_name(PgtcSlice name)
{
	int i;

	for (i = 0; i < N_ALGS; i++)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(algs[i].name)))
			return &algs[i];
	}
	return NULL;
}

const PgtcAlg *
pgtc_alg_by_any_name(PgtcSlice name)
{
	int i;

	for (i = 0; i < N_ALGS; i++)
	{
		if (algs[i].other_name != NULL &&
			pgtc_slice_equal(name, pgtc_slice_str(algs[i].other_name)))
			return &algs[i];
	}
	return pgtc_alg_by_name(name);
}

const PgtcAlg *
pgtc_alg_nth(int i)
{
	return i >= 0 && i < N_ALGS ? &algs[i] : NULL;
}

const char *
pgtc_alg_nth_name(int i, bool symmetric)
{
	const PgtcAlg *alg;

	for (alg = algs; alg < algs + N_ALGS; alg++)
	{
		if (alg->kty == PGTC_KTY_OCT && !symmetric)
			continue;
		if (i-- == 0)
			return alg->name;
		if (alg->other_name != NULL && i-- == 0)
			return alg->other_name;
	}
	return NULL;
}
