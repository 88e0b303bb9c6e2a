/*
 * signals.c
 *		SQL-callable functions of signals: their tokens, webhooks and secrets.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/random.h"
#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "sql/argument.h"
#include "tables/client.h"
#include "tables/key_material.h"
#include "tokens/security_event.h"

#define WEBHOOK_PREFIX "whsec_"
#define WEBHOOK_SECRET_LEN 32

PG_FUNCTION_INFO_V1(pgt_client_subject);
PG_FUNCTION_INFO_V1(pgt_keep_signal_secret);
PG_FUNCTION_INFO_V1(pgt_new_webhook_secret);
PG_FUNCTION_INFO_V1(pgt_security_event_token);
PG_FUNCTION_INFO_V1(pgt_signal_secret);
PG_FUNCTION_INFO_V1(pgt_webhook_signature);

Datum
pgt_client_subject(PG_FUNCTION_ARGS)
{
	const Client *client;
	char *subject = argument_required_text(fcinfo, 1, "subject");

	cache_begin();
	client = client_find(argument_required_text(fcinfo, 0, "client_id"));
	if (client == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(client_subject(client, subject)));
}

Datum
pgt_security_event_token(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(security_event_token(
		argument_required_text(fcinfo, 0, "client_id"), argument_required_text(fcinfo, 1, "aud"),
		argument_required_text(fcinfo, 2, "jti"), //
		PG_GETARG_TIMESTAMPTZ(3), argument_jsonb(fcinfo, 4))));
}

Datum
pgt_keep_signal_secret(PG_FUNCTION_ARGS)
{
	char *secret = argument_required_text(fcinfo, 1, "secret");

	key_material_insert(argument_required_text(fcinfo, 0, "material_id"), secret, strlen(secret));
	PG_RETURN_VOID();
}

Datum
pgt_signal_secret(PG_FUNCTION_ARGS)
{
	PgtcBuf secret;
	text *copy;

	pgtc_buf_init(&secret, &glue_mem);
	key_material_read(argument_required_text(fcinfo, 0, "material_id"), &secret);
	copy = cstring_to_text_with_len(secret.data, (int) secret.len);
	pgtc_buf_free(&secret);
	PG_RETURN_TEXT_P(copy);
}

/* Standard Webhooks */
Datum
pgt_new_webhook_secret(PG_FUNCTION_ARGS)
{
	uint8_t random[WEBHOOK_SECRET_LEN];
	PgtcBuf secret;
	text *copy;

	(void) fcinfo;
	random_bytes(random, sizeof(random));
	pgtc_buf_init(&secret, &glue_mem);
	pgtc_buf_append(&secret, WEBHOOK_PREFIX, strlen(WEBHOOK_PREFIX));
	pgtc_base64_encode(random, sizeof(random), &secret);
	pgtc_crypto_wipe(random, sizeof(random));
	glue_check(pgtc_buf_code(&secret), "making a webhook's secret");
	copy = cstring_to_text_with_len(secret.data, (int) secret.len);
	pgtc_buf_free(&secret);
	PG_RETURN_TEXT_P(copy);
}

/* the key is what the secret's base64 stands for */
static void
webhook_key(const char *material_id, PgtcBuf *key)
{
	size_t prefix = strlen(WEBHOOK_PREFIX);
	PgtcBuf secret;

	pgtc_buf_init(&secret, &glue_mem);
	key_material_read(material_id, &secret);
	if (secret.len <= prefix)
		elog(ERROR, "a webhook's secret is malformed");
	glue_check(pgtc_base64_decode(pgtc_slice(secret.data + prefix, secret.len - prefix), key),
			   "reading a webhook's secret");
	pgtc_buf_free(&secret);
}

Datum
pgt_webhook_signature(PG_FUNCTION_ARGS)
{
	char *message = argument_required_text(fcinfo, 1, "message");
	uint8_t mac[PGTC_SHA256_LEN];
	PgtcBuf key;
	PgtcBuf signature;
	text *copy;

	pgtc_buf_init(&key, &glue_mem);
	webhook_key(argument_required_text(fcinfo, 0, "material_id"), &key);
	glue_check(
		pgtc_crypto_hmac_sha256((const uint8_t *) key.data, key.len, message, strlen(message), mac),
		"signing a webhook");
	pgtc_buf_free(&key);
	pgtc_buf_init(&signature, &glue_mem);
	pgtc_buf_append(&signature, "v1,", 3);
	pgtc_base64_encode(mac, sizeof(mac), &signature);
	glue_check(pgtc_buf_code(&signature), "signing a webhook");
	copy = cstring_to_text_with_len(signature.data, (int) signature.len);
	pgtc_buf_free(&signature);
	PG_RETURN_TEXT_P(copy);
}
