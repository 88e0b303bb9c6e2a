/*
 * id_token_hint.c
 *		ID tokens of ours that come back as hints.
 *
 * Whether it has expired is not asked: it says whom the client believes to be
 * there, and lets nobody in.
 */
#include "endpoints/id_token_hint.h"

#include "base/glue.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/jws.h"
#include "core/jose/key.h"
#include "tables/signing_key.h"

/* by a key of this issuer's; *past: by one that has come to its end, and nothing can be verified any more */
static bool
signed_by_us(const Issuer *issuer, const PgtcJws *jws, const PgtcJwsHeader *header, bool *past)
{
	const SigningKey *key = signing_key_verifying(header->kid);
	const PgtcKey *verifier;

	*past = false;
	if (key == NULL)
		key = signing_key_at_its_end(header->kid);
	if (key == NULL || strcmp(key->issuer, issuer->issuer) != 0)
		return false;
	verifier = key->verifier.alg ? &key->verifier : &key->signer;
	*past = verifier->alg == NULL;
	return !*past && pgtc_jws_verify(jws, header->alg, verifier, &glue_mem) == PGTC_OK;
}

/*
 * An ID token, and not what may have the same typ: an access token has members of its
 * own, userinfo has no end, an authorization answer no subject.
 */
static bool
is_id_token(const Issuer *issuer, const PgtcClaims *claims)
{
	return claims->sub.data && claims->exp >= 0 && claims->grant_id.data == NULL &&
		   claims->client_id.data == NULL && claims->jti.data == NULL &&
		   pgtc_slice_equal(claims->iss, pgtc_slice_str(issuer->issuer));
}

IdTokenHint
id_token_hint_read(const Issuer *issuer, const char *hint, const PgtcClaims **claims)
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcBuf payload;
	PgtcCode code;
	bool past;

	*claims = NULL;
	if (pgtc_jws_split(pgtc_slice_str(hint), &jws) != PGTC_OK ||
		pgtc_jws_read_header(&jws, &glue_mem, &header) != PGTC_OK || strcmp(header.typ, "jwt") != 0)
		return HINT_BAD;
	if (!signed_by_us(issuer, &jws, &header, &past))
		return past ? HINT_PAST : HINT_BAD;
	pgtc_buf_init(&payload, &glue_mem);
	if (pgtc_buf_decode_b64url(&payload, jws.payload) != PGTC_OK)
		return HINT_BAD;
	*claims = glue_claims_read(pgtc_slice(payload.data, payload.len), &code);
	pgtc_buf_free(&payload);
	if (code == PGTC_OK && is_id_token(issuer, *claims))
		return HINT_GOOD;
	*claims = NULL;
	return HINT_BAD;
}

bool
id_token_hint_subject(const Issuer *issuer, const Client *client, const char *hint, char **subject)
{
	const PgtcClaims *claims;
	IdTokenHint verdict = id_token_hint_read(issuer, hint, &claims);

	*subject = NULL;
	if (verdict != HINT_GOOD)
		return verdict == HINT_PAST;
	if (!pgtc_claims_has_audience(claims, pgtc_slice_str(client->client_id)))
		return false;
	*subject = pnstrdup(claims->sub.data, claims->sub.len);
	return true;
}
