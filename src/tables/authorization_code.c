/*
 * authorization_code.c
 *		Authorization codes: made when the subject has agreed, redeemed once.
 */
#include "tables/authorization_code.h"

#include "utils/timestamp.h"

#include "base/moment.h"
#include "base/secret_handle.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/oauth/handle.h"

static StoreQuery code_insert_query =
	STORE_QUERY("code insert", STORE_WRITES,
				"INSERT INTO pgtoken.authorization_codes ({names}) VALUES ({values})");

char *
authorization_code_insert(AuthorizationCode *code)
{
	StoreArgs args = {0};
	TimestampTz now = code->begun.at;
	char *text = secret_handle_create(PGTC_CODE_PREFIX, &code->grant_id, code->hash);

	/* no longer than what would come of it */
	code->expires_at = lifespan_end(&code->lifespan, moment_plus(now, code->lifetime));
	store_arg_uuid(store_named(&args, "grant_id"), &code->grant_id);
	store_arg_bytes(store_named(&args, "code_hash"), code->hash, sizeof(code->hash));
	store_arg_text(store_named(&args, "client_id"), code->client_id);
	store_arg_text(store_named(&args, "redirect_uri"), code->redirect_uri);
	store_arg_text(store_named(&args, "code_challenge"), code->code_challenge);
	store_arg_text(store_named(&args, "dpop_jkt"), code->dpop_jkt);
	authentication_args(&args, &code->auth);
	store_arg_text(store_named(&args, "scope"), code->scope);
	store_arg_texts(store_named(&args, "resources"), code->resources, code->n_resources);
	store_arg_text(store_named(&args, "nonce"), code->nonce);
	store_arg_jsonb(store_named(&args, "context"), code->context);
	store_arg_time(store_named(&args, "created_at"), now);
	store_arg_time(store_named(&args, "expires_at"), code->expires_at);
	store_arg_begun(&args, &code->begun);
	store_arg_uuid(store_named(&args, "request_id"), &code->request_id);
	store_arg_jsonb(store_named(&args, "claims_request"), code->claims_request);
	lifespan_args(&args, &code->lifespan);
	store_run(&code_insert_query, &args, NULL, NULL);
	return text;
}

static void
read_code(StoreRow *row, void *arg)
{
	AuthorizationCode *code = arg;

	store_uuid(store_column(row, "grant_id"), &code->grant_id);
	store_bytes(store_column(row, "code_hash"), code->hash, sizeof(code->hash));
	code->client_id = store_text(store_column(row, "client_id"));
	code->redirect_uri = store_text(store_column(row, "redirect_uri"));
	code->code_challenge = store_text(store_column(row, "code_challenge"));
	code->dpop_jkt = store_text(store_column(row, "dpop_jkt"));
	code->auth.subject = store_text(store_column(row, "subject"));
	authentication_read(row, &code->auth);
	code->auth.claims = store_jsonb(store_column(row, "claims"));
	code->scope = store_text(store_column(row, "scope"));
	code->resources = store_texts(store_column(row, "resources"), &code->n_resources);
	code->nonce = store_text(store_column(row, "nonce"));
	code->context = store_jsonb(store_column(row, "context"));
	code->begun.at = store_time(store_column(row, "created_at"), DT_NOBEGIN);
	code->expires_at = store_time(store_column(row, "expires_at"), DT_NOBEGIN);
	code->redeemed = store_given(store_column(row, "redeemed_at"));
	store_begun(row, &code->begun);
	code->auth.details = store_jsonb(store_column(row, "authorization_details"));
	code->claims_request = store_jsonb(store_column(row, "claims_request"));
	lifespan_read(row, &code->lifespan);
}

static StoreQuery code_read_query =
	STORE_ROW_QUERY("code read", STORE_READS, read_code, AuthorizationCode,
					"SELECT {columns} FROM pgtoken.authorization_codes c WHERE c.grant_id" EQ "$1");

AuthorizationCode *
authorization_code_find(const char *text)
{
	AuthorizationCode *code;
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;

	if (!secret_handle_read(PGTC_CODE_PREFIX, text, &grant_id, hash))
		return NULL;
	store_arg_uuid(&args, &grant_id);
	code = store_find(&code_read_query, &args);
	return code && pgtc_crypto_equal(hash, code->hash, sizeof(hash)) ? code : NULL;
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
