/*
 * dpop_proof.c
 *		DPoP proofs of requests (RFC 9449 section 4.3).
 */
#include "http/dpop_proof.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/moment.h"
#include "base/refused.h"
#include "base/replay.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/jose/dpop.h"
#include "core/jose/jwk.h"

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
	code = pgtc_dpop_nonce_check(key, pgtc_slice_str(proof->nonce), now, guc_dpop_nonce_lifetime);
	glue_check(pgtc_dpop_nonce_write(key, now, nonce), "making a nonce");
	http_answer_header(x, "DPoP-Nonce", pstrdup(nonce));
	pgtc_crypto_wipe(key, sizeof(key));
	return code == PGTC_OK ? PGT_OK : PGT_ERR_DPOP_NONCE;
}

static bool
token_matches(const PgtcDpopProof *proof, const char *access_token)
{
	char ath[PGTC_THUMBPRINT_LEN + 1];

	if (access_token == NULL)
		return true;
	glue_check(pgtc_crypto_digest_text(access_token, strlen(access_token), ath), "hashing a token");
	return strcmp(proof->ath, ath) == 0;
}

/* a URL without its query, which does not count and may hold what is nobody's business */
static char *
without_query(const char *url)
{
	return pnstrdup(url, strcspn(url, "?#"));
}

/* is it for this request? */
static PgtErr
check_purpose(const PgtcDpopProof *proof, const char *method, const char *url,
			  const char *access_token)
{
	if (strcmp(proof->htm, method) != 0)
		return refused(PGT_ERR_DPOP_PROOF, "htm", proof->htm, method);
	if (!pgtc_url_same_target(pgtc_slice_str(proof->htu), pgtc_slice_str(url)))
		return refused(PGT_ERR_DPOP_PROOF, "htu", without_query(proof->htu), without_query(url));
	if (!token_matches(proof, access_token))
		return refused(PGT_ERR_DPOP_PROOF, "ath", proof->ath[0] ? "of another token" : NULL,
					   "the hash of the access token");
	return PGT_OK;
}

static bool
is_first_use(const PgtcDpopProof *proof)
{
	TimestampTz expires_at = moment_of_unix(proof->iat + guc_dpop_proof_lifetime);

	return XactReadOnly ? replay_first_use_unwritten("dpop", proof->jkt, proof->jti, expires_at)
						: replay_first_use("dpop", proof->jkt, proof->jti, expires_at);
}

PgtErr
dpop_proof(HttpExchange *x, const Client *client, const char *method, const char *url,
		   const char *access_token, char **jkt)
{
	char *header = http_header(x, "dpop");
	int64 now = moment_unix(GetCurrentTimestamp());
	PgtcDpopProof *proof;
	PgtcCode code;
	PgtErr err;

	*jkt = NULL;
	if (header == NULL)
		return PGT_OK;
	proof = palloc(sizeof(PgtcDpopProof));
	/* several headers arrive joined by commas, which are in no JWS */
	code = pgtc_dpop_read(pgtc_slice_str(header), &glue_mem, proof);
	if (code != PGTC_OK)
		return refused(PGT_ERR_DPOP_PROOF, "DPoP", pgtc_code_text(code), NULL);
	if (client && !client_alg_allowed(client, proof->alg))
		return refused(PGT_ERR_DPOP_PROOF, "alg", proof->alg->name, client_algs_allowed(client));
	err = check_purpose(proof, method, url, access_token);
	if (err == PGT_OK)
		err = check_nonce(x, proof, now);
	if (err != PGT_OK)
		return err;
	if (proof->iat > now + FUTURE_LEEWAY || proof->iat <= now - guc_dpop_proof_lifetime)
		return refused(PGT_ERR_DPOP_PROOF, "iat", psprintf(INT64_FORMAT, proof->iat),
					   psprintf(INT64_FORMAT " to " INT64_FORMAT, now - guc_dpop_proof_lifetime + 1,
								now + FUTURE_LEEWAY));
	if (!is_first_use(proof))
		return PGT_ERR_DPOP_REPLAYED;
	*jkt = pstrdup(proof->jkt);
	return PGT_OK;
}
