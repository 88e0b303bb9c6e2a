/*
 * id_token_hint.c
 *		ID tokens of ours that come back as hints.
 *
 * Whether it has expired is not asked: it says whom the client believes to be
 * there, and lets nobody in.
 */
#include "id_token_hint.h"

#include "core/jws.h"
#include "glue.h"
#include "signing_key.h"

const PgtcClaims *
id_token_hint_read(const Issuer *issuer, const char *hint)
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcBuf payload;
	const SigningKey *key;
	const PgtcClaims *claims;
	PgtcCode code;

	if (pgtc_jws_split(pgtc_slice_str(hint), &jws) != PGTC_OK ||
		pgtc_jws_read_header(&jws, &pgt_mem, &header) != PGTC_OK || strcmp(header.typ, "jwt") != 0)
		return NULL;
	key = signing_key_verifying(header.kid);
	if (key == NULL || strcmp(key->issuer, issuer->issuer) != 0 ||
		pgtc_jws_verify(&jws, header.alg, key->verifier.alg ? &key->verifier : &key->signer,
						&pgt_mem) != PGTC_OK)
		return NULL;
	pgtc_buf_init(&payload, &pgt_mem);
	if (pgtc_jws_read_payload(&jws, &payload) != PGTC_OK)
		return NULL;
	claims = pgt_claims_read(pgtc_slice(payload.data, payload.len), &code);
	pgtc_buf_free(&payload);
	/* an access token may have the same typ; what only it has says what it is */
	if (code != PGTC_OK || claims->sub.data == NULL || claims->grant_id.data != NULL ||
		claims->client_id.data != NULL || claims->jti.data != NULL ||
		!pgtc_slice_equal(claims->iss, pgtc_slice_str(issuer->issuer)))
		return NULL;
	return claims;
}

bool
id_token_hint_subject(const Issuer *issuer, const Client *client, const char *hint, char **subject)
{
	const PgtcClaims *claims = id_token_hint_read(issuer, hint);

	if (claims == NULL || !pgtc_claims_has_audience(claims, pgtc_slice_str(client->client_id)))
		return false;
	*subject = pnstrdup(claims->sub.data, claims->sub.len);
	return true;
}
