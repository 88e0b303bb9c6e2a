/*
 * client_assertion.c
 *		JWTs that clients authenticate with (RFC 7523 section 3).
 */
#include "http/client_assertion.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/jose/key.h"
#include "http/client_keys.h"
#include "http/foreign_jwt.h"
#include "tables/client_secret.h"
#include "tables/key_material.h"

#define LEEWAY 10 /* seconds by which the client's clock may be ahead */
#define LIFETIME_MAX 3600 /* an assertion is made for one request */
#define JTI_MAX 255

char *
client_assertion_subject(const char *assertion)
{
	ForeignJwt jwt;

	if (!foreign_jwt_read(assertion, &jwt) || jwt.claims->sub.data == NULL)
		return NULL;
	return pnstrdup(jwt.claims->sub.data, jwt.claims->sub.len);
}

bool
client_assertion_by_secret(const char *assertion)
{
	ForeignJwt jwt;

	return foreign_jwt_read(assertion, &jwt) && jwt.header.alg->kty == PGTC_KTY_OCT;
}

static char *
material_id(const char *client_id, const pg_uuid_t *secret_id)
{
	return psprintf("client:%s:%s", client_id, strings_of_uuid(secret_id));
}

void
client_assertion_keep_secret(const char *client_id, const pg_uuid_t *secret_id,
							 const char *client_secret)
{
	key_material_insert(material_id(client_id, secret_id), client_secret, strlen(client_secret));
}

/* by one of its secrets that have not ended */
static bool
verify_by_secret(Client *client, const PgtcJws *jws, const PgtcJwsHeader *header)
{
	TimestampTz now = GetCurrentTimestamp();
	bool verified = false;

	for (ClientSecret *secret = client->secrets; secret && !verified; secret = secret->next)
	{
		PgtcBuf buf;
		PgtcKey key;

		if (now >= secret->expires_at)
			continue;
		pgtc_buf_init(&buf, &glue_mem);
		if (!key_material_read_optional(material_id(client->client_id, &secret->secret_id), &buf))
			continue;
		glue_check(pgtc_key_of_secret(pgtc_slice(buf.data, buf.len), &key), "reading a secret");
		verified = pgtc_jws_verify(jws, header->alg, &key, &glue_mem) == PGTC_OK;
		pgtc_key_free(&key);
		pgtc_buf_free(&buf);
		if (verified)
			client_secret_used(client, secret);
	}
	return verified;
}

static PgtErr
verify_signature(const HttpExchange *x, Client *client, const PgtcJws *jws,
				 const PgtcJwsHeader *header)
{
	bool verified = false;
	PgtErr err = PGT_OK;

	/* the method names the kind of key: an HMAC under a public key is none */
	if (header->alg->kty == PGTC_KTY_OCT)
		verified = client_takes(client, AUTH_SECRET_JWT) && verify_by_secret(client, jws, header);
	else if (client_takes(client, AUTH_PRIVATE_KEY_JWT))
		err = client_keys_verify(x->issuer, client, jws, header, &verified);
	if (err != PGT_OK || verified)
		return err;
	return refused(PGT_ERR_CLIENT_ASSERTION, "signature",
				   psprintf("alg %s, kid %s", header->alg->name, header->kid),
				   client_auth_method_names(client));
}

/* RFC 7523 section 3: our own name or the endpoint's, so that nobody can pass it on to us or from us */
static bool
meant_for_us(const HttpExchange *x, const Client *client, const PgtcClaims *claims)
{
	/* who else takes the endpoint's URL for its own name could pass it on */
	if (client->issuer_audience)
		return claims->aud_is_string &&
			   pgtc_slice_equal(claims->aud[0], pgtc_slice_str(x->issuer->issuer));
	for (int i = 0; i < claims->n_aud; i++)
	{
		if (!pgtc_slice_equal(claims->aud[i], pgtc_slice_str(x->issuer->issuer)) &&
			!pgtc_slice_equal(claims->aud[i], pgtc_slice_str(x->url)) &&
			!pgtc_slice_equal(claims->aud[i], pgtc_slice_str(http_token_url(x))))
			return false;
	}
	return claims->n_aud > 0;
}

static PgtErr
refused_claim(const char *name, PgtcSlice received, const char *expected)
{
	return refused(PGT_ERR_CLIENT_ASSERTION, name,
				   received.data ? pnstrdup(received.data, received.len) : NULL, expected);
}

static PgtErr
refused_time(const char *name, int64 received, int64 now)
{
	return refused(PGT_ERR_CLIENT_ASSERTION, name, psprintf(INT64_FORMAT, received),
				   psprintf("this server's time is " INT64_FORMAT ", an assertion lives %d s", now,
							LIFETIME_MAX));
}

/* RFC 7523 section 3 */
static PgtErr
check_claims(const HttpExchange *x, const Client *client, const PgtcClaims *claims)
{
	PgtcSlice client_id = pgtc_slice_str(client->client_id);
	int64 now = moment_unix(GetCurrentTimestamp());

	if (!pgtc_slice_equal(claims->iss, client_id))
		return refused_claim("iss", claims->iss, client->client_id);
	if (!pgtc_slice_equal(claims->sub, client_id))
		return refused_claim("sub", claims->sub, client->client_id);
	if (!meant_for_us(x, client, claims))
		return refused(PGT_ERR_CLIENT_ASSERTION_AUDIENCE, "aud", foreign_jwt_audience(claims),
					   client->issuer_audience
						   ? psprintf("%s alone, as a string", x->issuer->issuer)
						   : psprintf("%s %s %s", x->issuer->issuer, http_token_url(x), x->url));
	if (claims->exp <= now || claims->exp > now + LIFETIME_MAX)
		return refused_time("exp", claims->exp, now);
	if (claims->nbf > now + LEEWAY)
		return refused_time("nbf", claims->nbf, now);
	if (claims->iat > now + LEEWAY)
		return refused_time("iat", claims->iat, now);
	if (claims->jti.len == 0 || claims->jti.len > JTI_MAX)
		return refused(PGT_ERR_CLIENT_ASSERTION, "jti", NULL, psprintf("1 to %d bytes", JTI_MAX));
	return PGT_OK;
}

PgtErr
client_assertion_check(const HttpExchange *x, Client *client, const char *assertion)
{
	ForeignJwt jwt;
	const PgtcJwsHeader *header = &jwt.header;
	PgtErr err;

	if (!foreign_jwt_read(assertion, &jwt))
		return refused(PGT_ERR_CLIENT_ASSERTION, "client_assertion", NULL,
					   "a signed JWT of an algorithm that is known here");
	if (strcmp(header->typ, "") != 0 && strcmp(header->typ, "jwt") != 0 &&
		strcmp(header->typ, "client-authentication+jwt") != 0)
		return refused(PGT_ERR_CLIENT_ASSERTION, "typ", header->typ,
					   "none, JWT or client-authentication+jwt");
	err = verify_signature(x, client, &jwt.jws, header);
	if (err != PGT_OK)
		return err;
	if (client->assertion_alg && header->alg != client->assertion_alg)
		return refused(PGT_ERR_CLIENT_ASSERTION_ALG, "alg", header->alg->name,
					   client->assertion_alg->name);
	if (!client_alg_allowed(client, header->alg))
		return refused(PGT_ERR_CLIENT_ASSERTION_ALG, "alg", header->alg->name,
					   client_algs_allowed(client));
	err = check_claims(x, client, jwt.claims);
	if (err != PGT_OK)
		return err;
	return replay_first_use("client assertion", client->client_id, jwt.claims->jti.data,
							moment_of_unix(jwt.claims->exp))
			   ? PGT_OK
			   : PGT_ERR_CLIENT_ASSERTION_REPLAYED;
}
