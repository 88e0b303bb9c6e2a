/*
 * authorization_code.c
 *		Authorization codes: made when the subject has agreed, redeemed once.
 */
#include "tables/authorization_code.h"

#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/moment.h"
#include "base/secret_handle.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/handle.h"

static StoreQuery code_insert_query = STORE_QUERY(
	"code insert", STORE_WRITES,
	"INSERT INTO pgtoken.authorization_codes (grant_id, code_hash, client_id, redirect_uri, "
	"code_challenge, dpop_jkt, subject, scope, resources, session_id, auth_time, acr, amr, nonce, "
	"claims, context, created_at, expires_at, issuer_epoch, client_epoch, subject_epoch) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
	"$19, $20, $21)");

char *
authorization_code_insert(AuthorizationCode *code)
{
	StoreArgs args = {0};
	TimestampTz now = code->begun.at;
	char *text = secret_handle_create(PGTC_CODE_PREFIX, &code->grant_id, code->hash);

	code->expires_at = moment_plus(now, guc_authorization_code_lifetime);
	store_arg_uuid(&args, &code->grant_id);
	store_arg_bytes(&args, code->hash, sizeof(code->hash));
	store_arg_text(&args, code->client_id);
	store_arg_text(&args, code->redirect_uri);
	store_arg_text(&args, code->code_challenge);
	store_arg_text(&args, code->dpop_jkt);
	store_arg_text(&args, code->subject);
	store_arg_text(&args, code->scope);
	store_arg_texts(&args, code->resources, code->n_resources);
	store_arg_text(&args, code->session_id);
	store_arg_time(&args, code->auth_time);
	store_arg_text(&args, code->acr);
	store_arg_texts(&args, code->amr, code->n_amr);
	store_arg_text(&args, code->nonce);
	store_arg_jsonb(&args, code->claims);
	store_arg_jsonb(&args, code->context);
	store_arg_time(&args, now);
	store_arg_time(&args, code->expires_at);
	store_arg_begun(&args, &code->begun);
	store_run(&code_insert_query, &args, NULL, NULL);
	return text;
}

static void
read_code(StoreRow *row, void *arg)
{
	AuthorizationCode *code = arg;

	store_uuid(row, &code->grant_id);
	store_bytes(row, code->hash, sizeof(code->hash));
	code->client_id = store_text(row);
	code->redirect_uri = store_text(row);
	code->code_challenge = store_text(row);
	code->dpop_jkt = store_text(row);
	code->subject = store_text(row);
	code->scope = store_text(row);
	code->resources = store_texts(row, &code->n_resources);
	code->session_id = store_text(row);
	code->auth_time = store_time(row, DT_NOBEGIN);
	code->acr = store_text(row);
	code->amr = store_texts(row, &code->n_amr);
	code->nonce = store_text(row);
	code->claims = store_jsonb(row);
	code->context = store_jsonb(row);
	code->begun.at = store_time(row, DT_NOBEGIN);
	code->expires_at = store_time(row, DT_NOBEGIN);
	code->redeemed = store_bool(row);
	store_begun(row, &code->begun);
}

static StoreQuery code_read_query = STORE_QUERY(
	"code read", STORE_READS,
	"SELECT c.grant_id, c.code_hash, c.client_id, c.redirect_uri, c.code_challenge, c.dpop_jkt, "
	"c.subject, c.scope, c.resources, c.session_id, c.auth_time, c.acr, c.amr, c.nonce, c.claims, "
	"c.context, c.created_at, c.expires_at, c.redeemed_at IS NOT NULL, "
	"c.issuer_epoch, c.client_epoch, c.subject_epoch "
	"FROM pgtoken.authorization_codes c WHERE c.grant_id" EQ "$1");

AuthorizationCode *
authorization_code_find(const char *text)
{
	AuthorizationCode *code = palloc0(sizeof(AuthorizationCode));
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;

	if (!secret_handle_read(PGTC_CODE_PREFIX, text, &grant_id, hash))
		return NULL;
	store_arg_uuid(&args, &grant_id);
	if (store_run(&code_read_query, &args, read_code, code) == 0 ||
		!pgtc_crypto_equal(hash, code->hash, sizeof(hash)))
		return NULL;
	return code;
}

static StoreQuery code_redeem_query =
	STORE_QUERY("code redeem", STORE_WRITES,
				"UPDATE pgtoken.authorization_codes c SET redeemed_at = $2 "
				"WHERE c.grant_id" EQ "$1 AND c.redeemed_at IS NULL");

bool
authorization_code_redeem(const AuthorizationCode *code)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, &code->grant_id);
	store_arg_time(&args, GetCurrentTimestamp());
	return store_run(&code_redeem_query, &args, NULL, NULL) == 1;
}
