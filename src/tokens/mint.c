/*
 * mint.c
 *		Signed tokens of a family.
 */
#include "tokens/mint.h"

#include "base/counters.h"
#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/random.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/jose/alg.h"
#include "core/jose/jws.h"
#include "core/jose/token.h"
#include "core/oauth/jti.h"
#include "core/oauth/status_list.h"
#include "tables/authentication.h"
#include "tables/grant_type.h"
#include "tables/issuer.h"
#include "tables/resource.h"
#include "tables/signing_key.h"
#include "tokens/acting.h"
#include "tokens/authorization_details.h"
#include "tokens/claims_function.h"

static PgtcSlice *
slices_of(char *const *strings, int n)
{
	PgtcSlice *slices = palloc(sizeof(PgtcSlice) * Max(n, 1));

	for (int i = 0; i < n; i++)
		slices[i] = pgtc_slice_str(strings[i]);
	return slices;
}

/* NULL: absent */
static PgtcSlice
json_slice(Jsonb *json)
{
	return pgtc_slice_str(object_text(json));
}

static char *
sign(const PgtcTokenSpec *spec, const SigningKey *key)
{
	PgtcBuf buf;
	char *token;

	pgtc_buf_init(&buf, &glue_mem);
	signing_key_write(key, spec, &buf, "signing a token");
	if (buf.len > PGTC_JWS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the token would be too large"),
				 errdetail("It would have %zu bytes; tokens of more than %d are not accepted.",
						   buf.len, PGTC_JWS_MAX),
				 errhint("Give fewer or shorter claims, scopes, resources and amr values.")));
	token = pnstrdup(buf.data, buf.len);
	pgtc_buf_free(&buf);
	return token;
}

/* absent where nobody has authenticated */
static int64
auth_time_claim(TimestampTz auth_time)
{
	return TIMESTAMP_IS_NOBEGIN(auth_time) ? -1 : moment_unix(auth_time);
}

/* one minting, as far as it has come */
typedef struct Minting
{
	const MintRequest *request;
	const PgtcAlg *alg;
	const SigningKey *key;
	PgtcTokenSpec spec; /* of the access token, then of the ID token, which has much of it */
	char grant_id[PGTC_UUID_TEXT_LEN + 1];
	Minted *out;
} Minting;

/* when it ends, and what it is called */
static void
begin_minting(Minting *minting)
{
	const MintRequest *request = minting->request;
	const Client *client = request->client;
	const Grant *grant = request->grant;
	Minted *out = minting->out;
	PgtcJti jti = {.generation = request->generation, .retry = request->retry};

	minting->alg = client->alg ? client->alg : issuer_get(client->issuer)->default_alg;
	minting->key = signing_key_active(client->issuer, minting->alg);
	out->expires_at =
		Min(moment_plus(request->now, request->target->access_token_lifetime), grant->expires_at);
	out->expires_in = moment_unix(out->expires_at) - moment_unix(request->now);
	out->kid = minting->key->kid;
	out->grant = grant;
	out->target = request->target;
	out->at = request->now;
	memcpy(jti.grant_id, grant->grant_id.data, PGTC_UUID_LEN);
	random_public(jti.random, sizeof(jti.random));
	pgtc_jti_write(&jti, out->jti);
	pgtc_uuid_text(grant->grant_id.data, minting->grant_id);
}

/* where its status is to be read; absent where nobody publishes it */
static PgtcSlice
status_claim(const Client *client, const Grant *grant)
{
	PgtcBuf buf;

	if (grant->status_series == 0)
		return pgtc_slice(NULL, 0);
	pgtc_buf_init(&buf, &glue_mem);
	pgtc_status_list_claim(issuer_base(client->issuer), grant->status_series,
						   grant->status_position, &buf);
	glue_check(pgtc_buf_code(&buf), "writing a claim");
	return pgtc_slice(buf.data, buf.len);
}

/* RFC 9068 */
static void
mint_access_token(Minting *minting)
{
	const MintRequest *request = minting->request;
	const Client *client = request->client;
	const Grant *grant = request->grant;
	const Target *target = request->target;
	PgtcTokenSpec *spec = &minting->spec;

	spec->kid = pgtc_slice_str(minting->key->kid);
	spec->iss = pgtc_slice_str(client->issuer);
	spec->sub = pgtc_slice_str(client_subject(client, grant->auth.subject));
	spec->aud = slices_of(target->resources, target->n_resources);
	spec->n_aud = target->n_resources;
	if (resource_all_take_jwt(client->issuer, spec->aud, spec->n_aud))
		spec->typ = "JWT";
	else
	{
		spec->typ = "at+jwt";
		spec->header = pgtc_slice_str(minting->key->access_header);
	}
	spec->client_id = pgtc_slice_str(client->client_id);
	if (target->scope[0] != '\0')
		spec->scope = pgtc_slice_str(target->scope);
	spec->jti = pgtc_slice_str(minting->out->jti);
	spec->grant_id = pgtc_slice_str(minting->grant_id);
	spec->acr = pgtc_slice_str(grant->auth.acr);
	spec->amr = grant->auth.n_amr < 0 ? NULL : slices_of(grant->auth.amr, grant->auth.n_amr);
	spec->n_amr = grant->auth.n_amr;
	spec->auth_time = auth_time_claim(grant->auth.auth_time);
	spec->iat = moment_unix(request->now);
	spec->exp = moment_unix(minting->out->expires_at);
	spec->cnf = pgtc_slice_str(confirmation_claim(&grant->cnf));
	spec->act = json_slice(acting_claim(grant->act));
	spec->status = status_claim(client, grant);
	minting->out->details =
		authorization_details_at(target->details, target->resources, target->n_resources);
	spec->authorization_details = json_slice(minting->out->details);
	spec->extra = json_slice(claims_function_merge(
		grant->auth.claims, claims_function_run(client, grant, target->scope, "access_token")));
	minting->out->access_token = sign(spec, minting->key);
}

/* OpenID Connect Core section 2; what the two have in common stays as it is */
static void
mint_id_token(Minting *minting)
{
	const MintRequest *request = minting->request;
	const Client *client = request->client;
	const Grant *grant = request->grant;
	PgtcSlice client_id = pgtc_slice_str(client->client_id);
	PgtcSlice none = pgtc_slice(NULL, 0);
	PgtcTokenSpec *spec = &minting->spec;
	char at_hash[PGTC_AT_HASH_MAX + 1];

	glue_check(
		pgtc_token_at_hash(minting->alg, pgtc_slice_str(minting->out->access_token), at_hash),
		"hashing a token");
	spec->typ = "JWT";
	spec->header = none;
	spec->aud = &client_id;
	spec->n_aud = 1;
	spec->azp = client_id;
	spec->client_id = spec->scope = spec->jti = spec->grant_id = spec->cnf = spec->act =
		spec->authorization_details = spec->status = none;
	spec->extra =
		json_slice(claims_function_run(client, grant, request->target->scope, "id_token"));
	spec->at_hash = pgtc_slice_str(at_hash);
	/* FAPI 2.0 knows no sessions: there it is for who is told of their end */
	if (client->profile < PROFILE_FAPI2 || client->told_of_logout)
		spec->sid = pgtc_slice_str(client_session_id(
			client, grant->auth.session_id ? grant->auth.session_id : minting->grant_id));
	if (request->first_issue)
		spec->nonce = pgtc_slice_str(grant->nonce);
	else
		spec->auth_time = auth_time_claim(authentication_first_auth_time(&grant->auth));
	minting->out->id_token = sign(spec, minting->key);
}

/* as a step that a guard can be put around */
static void
mint(void *arg)
{
	Minting *minting = arg;

	begin_minting(minting);
	mint_access_token(minting);
	minting->out->id_token = NULL;
	if (minting->request->target->openid)
		mint_id_token(minting);
}

/* FAPI 2.0 Security Profile section 5.3.2.1: whoever has the application issue them, too */
static PgtErr
check_bound(const Client *client, const Confirmation *cnf)
{
	if (client->profile < PROFILE_FAPI2 || cnf->jkt || cnf->x5t_s256)
		return PGT_OK;
	return client->dpop_bound ? PGT_ERR_DPOP_MISSING : PGT_ERR_CERTIFICATE_MISSING;
}

PgtErr
mint_tokens(const MintRequest *request, Minted *out)
{
	Minting minting = {.request = request, .out = out};
	PgtErr err = check_bound(request->client, &request->grant->cnf);

	if (err != PGT_OK)
		return err;
	if (request->at_endpoint)
		return claims_function_guard(request->client->issuer, mint, &minting)
				   ? PGT_OK
				   : PGT_ERR_USER_FUNCTION;
	mint(&minting);
	return PGT_OK;
}

/* what is none of the token endpoint's is in the last place */
static int
place_of_grant_type(const char *name)
{
	int type = 0;

	while (type < GRANT_TYPES && strcmp(grant_type_name(type), name) != 0)
		type++;
	return type < GRANT_TYPES ? type : COUNTER_GRANT_TYPES - 1;
}

static void
count(const Grant *grant, const LineageRow *row)
{
	if (row->parent_generation >= 0)
	{
		counters_add(COUNT_ISSUED + GRANT_TYPE_REFRESH_TOKEN);
		/* a renewal, too, has a number in its generation, but stays in it */
		if (row->retry > 0 && row->generation > row->parent_generation)
			counters_add(COUNT_RETRIES);
		return;
	}
	counters_add(COUNT_ISSUED + place_of_grant_type(grant->grant_type));
	if (grant_type_has_user(grant->grant_type) && grant->act == NULL)
		counters_add(COUNT_SIGN_INS);
}

void
mint_record(const Minted *minted, LineageRow *row)
{
	row->grant_id = &minted->grant->grant_id;
	row->client_id = minted->grant->client_id;
	row->subject = minted->grant->auth.subject;
	row->issued_at = minted->at;
	row->jti = minted->jti;
	row->kid = minted->kid;
	row->access_expires_at = minted->expires_at;
	row->scope = minted->target->scope;
	row->resources = minted->target->resources;
	row->n_resources = minted->target->n_resources;
	row->decision = "allow";
	lineage_insert(row);
	count(minted->grant, row);
}

void
mint_answer(const Minted *minted, const char *refresh_token, TimestampTz refresh_end,
			TokenResponse *response)
{
	response->access_token = minted->access_token;
	response->dpop_bound = minted->grant->cnf.jkt != NULL;
	response->expires_in = minted->expires_in;
	response->refresh_token = refresh_token;
	response->refresh_token_expires_in = moment_unix(refresh_end) - moment_unix(minted->at);
	response->id_token = minted->id_token;
	response->scope = minted->target->scope;
	response->details = minted->details;
	response->grant_id = minted->grant->grant_id;
}
