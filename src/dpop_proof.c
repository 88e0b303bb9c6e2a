/*
 * dpop_proof.c
 *		DPoP proofs of requests (RFC 9449 section 4.3).
 */
#include "dpop_proof.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "core/dpop.h"
#include "glue.h"
#include "guc.h"
#include "replay.h"

#define FUTURE_LEEWAY 10 /* seconds by which the client's clock may be ahead */

/* a fresh nonce goes with every answer, so that a client is not asked twice */
static PgtErr
check_nonce(HttpExchange *x, const PgtcDpopProof *proof, int64 now)
{
	uint8_t key[PGTC_SHA256_LEN];
	char nonce[PGTC_DPOP_NONCE_LEN + 1];
	PgtcCode code;

	if (!x->issuer->dpop_nonce_required)
		return PGT_OK;
	issuer_subkey(x->issuer, "dpop nonces", key);
	code = pgtc_dpop_nonce_check(key, pgtc_slice_str(proof->nonce), now, pgt_dpop_nonce_lifetime);
	pgt_check(pgtc_dpop_nonce_write(key, now, nonce), "making a nonce");
	http_answer_header(x, "DPoP-Nonce", nonce);
	pgtc_wipe(key, sizeof(key));
	return code == PGTC_OK ? PGT_OK : PGT_ERR_DPOP_NONCE;
}

static bool
token_matches(const PgtcDpopProof *proof, const char *access_token)
{
	char ath[PGTC_THUMBPRINT_LEN + 1];

	if (access_token == NULL)
		return true;
	pgt_check(pgtc_dpop_ath(pgtc_slice_str(access_token), ath), "hashing a token");
	return strcmp(proof->ath, ath) == 0;
}

PgtErr
dpop_proof(HttpExchange *x, const char *method, const char *url, const char *access_token,
		   char **jkt)
{
	char *header = http_header(x, "dpop");
	int64 now = pgt_unix_seconds(GetCurrentTimestamp());
	PgtcDpopProof *proof;
	PgtErr err;

	*jkt = NULL;
	if (header == NULL)
		return PGT_OK;
	proof = palloc(sizeof(PgtcDpopProof));
	/* several headers arrive joined by commas, which are in no JWS */
	if (pgtc_dpop_read(pgtc_slice_str(header), &pgt_mem, proof) != PGTC_OK ||
		strcmp(proof->htm, method) != 0 ||
		!pgtc_url_same_target(pgtc_slice_str(proof->htu), pgtc_slice_str(url)) ||
		!token_matches(proof, access_token))
		return PGT_ERR_DPOP_PROOF;
	err = check_nonce(x, proof, now);
	if (err != PGT_OK)
		return err;
	if (proof->iat > now + FUTURE_LEEWAY || proof->iat <= now - pgt_dpop_proof_lifetime)
		return PGT_ERR_DPOP_PROOF;
	if (!XactReadOnly &&
		!replay_first_use("dpop", proof->jkt, proof->jti,
						  pgt_timestamp_of_unix(proof->iat + pgt_dpop_proof_lifetime)))
		return PGT_ERR_DPOP_REPLAYED;
	*jkt = pstrdup(proof->jkt);
	return PGT_OK;
}
