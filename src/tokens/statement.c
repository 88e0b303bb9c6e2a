/*
 * statement.c
 *		What we sign that is no token of a family.
 */
#include "tokens/statement.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/jose/token.h"
#include "tables/issuer.h"
#include "tables/signing_key.h"

PgtcTokenSpec
statement_for(const Client *client, const char *typ)
{
	PgtcTokenSpec spec = {0};
	PgtcSlice *audience = palloc(sizeof(PgtcSlice));

	*audience = pgtc_slice_str(client->client_id);
	spec.typ = typ;
	spec.iss = pgtc_slice_str(client->issuer);
	spec.aud = audience;
	spec.n_aud = 1;
	spec.n_amr = -1;
	spec.iat = moment_unix(GetCurrentTimestamp());
	spec.exp = -1;
	spec.auth_time = -1;
	return spec;
}

/* HS256 included */
static const PgtcAlg *
alg_of(const Client *client)
{
	return client->alg ? client->alg : issuer_get(client->issuer)->default_alg;
}

const PgtcAlg *
statement_alg(const Client *client, const PgtcAlg *registered)
{
	const PgtcAlg *alg = registered ? registered : alg_of(client);

	return alg->kty == PGTC_KTY_OCT ? NULL : alg;
}

char *
statement_sign(const Client *client, PgtcTokenSpec *spec, Jsonb *extra)
{
	return statement_sign_by(client, alg_of(client), spec, extra);
}

char *
statement_sign_by(const Client *client, const PgtcAlg *alg, PgtcTokenSpec *spec, Jsonb *extra)
{
	const SigningKey *key = signing_key_active(client->issuer, alg);
	PgtcBuf buf;
	char *statement;

	spec->kid = pgtc_slice_str(key->kid);
	spec->extra = pgtc_slice_str(object_text(extra));
	pgtc_buf_init(&buf, &glue_mem);
	signing_key_write(key, spec, &buf, "signing a statement");
	statement = pnstrdup(buf.data, buf.len);
	pgtc_buf_free(&buf);
	return statement;
}
