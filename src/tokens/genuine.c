/*
 * genuine.c
 *		Is a token one that we handed out?
 *
 * The header names a key, never supplies one; the key names the algorithm (RFC
 * 8725 section 3.1).  Claims are read only after the signature has held.
 */
#include "tokens/genuine.h"

#include "base/glue.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/jose/alg.h"
#include "core/jose/jws.h"
#include "core/oauth/jti.h"
#include "core/oauth/refresh_token.h"
#include "tables/client.h"
#include "tables/imported_token.h"
#include "tables/lineage.h"
#include "tables/resource.h"

bool
genuine_parse_refresh_token(const char *token, PgtcRefreshToken *out)
{
	return pgtc_refresh_token_parse(pgtc_slice_str(token), out) == PGTC_OK ||
		   imported_token_find(token, out);
}

bool
genuine_refresh_token(const Grant *grant, const PgtcRefreshToken *token)
{
	uint8_t hash[PGTC_SHA256_LEN];
	uint8_t stored[PGTC_SHA256_LEN];
	int generation = token->generation;

	if (grant->generation < 0 || generation > grant->generation)
		return false;
	glue_check(pgtc_crypto_sha256(token->secret, sizeof(token->secret), hash), "hashing a secret");
	if (generation == grant->generation)
		return pgtc_crypto_equal(hash, grant->current_hash, sizeof(hash));
	if (generation == grant->generation - 1 && grant->has_previous)
		return pgtc_crypto_equal(hash, grant->previous_hash, sizeof(hash));
	return lineage_hash(&grant->grant_id, generation, stored) &&
		   pgtc_crypto_equal(hash, stored, sizeof(hash));
}

/*
 * A key speaks for its own issuer only, and an issuer for its own clients.  That
 * the family is the client's is for the caller, who reads the family.
 */
static bool
issuer_may_name_client(const GenuineAccessToken *token)
{
	const Client *client;

	if (!pgtc_slice_equal(token->claims->iss, pgtc_slice_str(token->key->issuer)) ||
		token->claims->client_id.data == NULL)
		return false;
	client = client_find(token->claims->client_id.data);
	return client && strcmp(client->issuer, token->key->issuer) == 0;
}

/*
 * The key that the header names, and the algorithm.  A header that is byte for byte
 * what we write needs no parsing; another spelling of it is looked at.  *plain: its
 * typ is JWT, so it is for the claims to say what it is.
 */
static const SigningKey *
key_of_access_token(const PgtcJws *jws, const PgtcAlg **alg, bool *plain)
{
	const SigningKey *key = signing_key_of_header(jws->header);
	PgtcJwsHeader header;

	*plain = false;
	if (key)
	{
		*alg = key->alg;
		return key;
	}
	if (pgtc_jws_read_header(jws, &glue_mem, &header) != PGTC_OK)
		return NULL;
	/* RFC 9068 section 4: an ID token or any other JWT of ours is no access token */
	*plain = strcmp(header.typ, "jwt") == 0;
	if (!*plain && strcmp(header.typ, "at+jwt") != 0)
		return NULL;
	*alg = header.alg;
	return signing_key_verifying(header.kid);
}

bool
genuine_access_token(PgtcSlice token, GenuineAccessToken *out)
{
	PgtcJws jws;
	const PgtcAlg *alg;
	PgtcBuf payload;
	PgtcCode code;
	bool plain;

	if (pgtc_jws_split(token, &jws) != PGTC_OK)
		return false;
	out->key = key_of_access_token(&jws, &alg, &plain);
	/* a key of another server speaks at APIs for what that has signed, and here for nothing */
	if (out->key == NULL || out->key->foreign)
		return false;
	if (pgtc_jws_verify(&jws, alg, out->key->verifier.alg ? &out->key->verifier : &out->key->signer,
						&glue_mem) != PGTC_OK)
		return false;

	pgtc_buf_init(&payload, &glue_mem);
	if (pgtc_buf_decode_b64url(&payload, jws.payload) != PGTC_OK)
		return false;
	out->payload = payload.data;
	out->claims = glue_claims_read(pgtc_slice(payload.data, payload.len), &code);
	if (code != PGTC_OK)
		return false;
	/* with that typ only for whom it is; an ID token has none of the claims that are asked for below, and no application can add them */
	if (plain && !resource_all_take_jwt(out->key->issuer, out->claims->aud, out->claims->n_aud))
		return false;
	return pgtc_uuid_parse(out->claims->grant_id, out->grant_id.data) == PGTC_OK &&
		   pgtc_jti_parse(out->claims->jti, &out->jti) == PGTC_OK &&
		   memcmp(out->jti.grant_id, out->grant_id.data, PGTC_UUID_LEN) == 0 &&
		   issuer_may_name_client(out);
}

Grant *
genuine_family_of_refresh_token(const char *token, PgtcRefreshToken *parsed)
{
	pg_uuid_t grant_id;
	Grant *grant;

	if (!genuine_parse_refresh_token(token, parsed))
		return NULL;
	memcpy(grant_id.data, parsed->grant_id, PGTC_UUID_LEN);
	grant = grant_read(&grant_id);
	return grant && genuine_refresh_token(grant, parsed) ? grant : NULL;
}

Grant *
genuine_family_of_access_token(const char *token, GenuineAccessToken *access)
{
	Grant *grant;

	if (!genuine_access_token(pgtc_slice_str(token), access))
		return NULL;
	grant = grant_read(&access->grant_id);
	return grant && pgtc_slice_equal(access->claims->client_id, pgtc_slice_str(grant->client_id))
			   ? grant
			   : NULL;
}
