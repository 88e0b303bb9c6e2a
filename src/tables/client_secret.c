/*
 * client_secret.c
 *		Is it one of the client's secrets?  And what their use leaves behind.
 *
 * Our own secrets are 256 random bits, so SHA-256 is a fair hash for them.  Those of
 * another server come as slow hashes.  One that looks random is rehashed when it has
 * been verified; of any other the slow hash stays at rest, since what people think up
 * can be guessed under a fast one.  The SHA-256 of either is kept in this session's
 * memory, so that none is computed slowly here again.
 */
#include "tables/client_secret.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/configuration.h"
#include "base/glue.h"
#include "base/moment.h"
#include "base/refused.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/oauth/secret.h"
#include "core/oauth/secret_hash.h"
#include "core/oauth/secret_hash_verify.h"

/*
 * A write that is only of use later: where nothing can be written, or a snapshot of
 * before would make of it an error, it is left to the next one.
 */
static bool
can_note(void)
{
	return !XactReadOnly && !IsolationUsesXactSnapshot();
}

/* without waiting: who holds it notes its use as well, or is about to end it */
static StoreQuery client_secret_used_query = STORE_QUERY(
	"client secret used", STORE_WRITES,
	"UPDATE pgtoken.client_secrets s SET last_used_at = $3 WHERE s.client_id" EQ
	"$1 AND s.secret_id" EQ "ANY (ARRAY(SELECT o.secret_id FROM pgtoken.client_secrets o "
	"WHERE o.client_id" EQ "$1 AND o.secret_id" EQ "$2 AND (o.last_used_at IS NULL "
	"OR o.last_used_at OPERATOR(pg_catalog.<=) $4) FOR NO KEY UPDATE SKIP LOCKED))");

/*
 * When it was used last is known to the hour: a write for each request would cost
 * more than the request.  Nobody waits for it, since who else writes it now says the
 * same.
 */
static void
note_use(const Client *client, ClientSecret *secret)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreArgs args = {0};

	if (now < moment_plus(secret->last_used_at, SECS_PER_HOUR) || !can_note())
		return;
	secret->last_used_at = now;
	store_arg_text(&args, client->client_id);
	store_arg_uuid(&args, &secret->secret_id);
	store_arg_time(&args, now);
	store_arg_time(&args, moment_plus(now, -SECS_PER_HOUR));
	store_run(&client_secret_used_query, &args, NULL, NULL);
}

/* without waiting: who holds it has verified the same secret, or is about to end it */
static StoreQuery client_secret_rehash_query = STORE_QUERY(
	"client secret rehash", STORE_WRITES,
	"UPDATE pgtoken.client_secrets s SET secret_hash = $3, hash_scheme = 'sha256', "
	"last_used_at = $4 WHERE s.client_id" EQ "$1 AND s.secret_id" EQ
	"ANY (ARRAY(SELECT o.secret_id FROM pgtoken.client_secrets o "
	"WHERE o.client_id" EQ "$1 AND o.secret_id" EQ "$2 AND o.revoked_at IS NULL "
	"AND o.hash_scheme OPERATOR(pg_catalog.<>) 'sha256' FOR NO KEY UPDATE SKIP LOCKED))");

/*
 * Tried again at the next use unless it is committed, which has the client read anew.  The
 * hash is the configuration primary's to change; when one was used, each database notes for
 * itself.
 */
static void
rehash(const Client *client, const ClientSecret *secret)
{
	StoreArgs args = {0};

	if (!can_note() || configuration_is_elsewhere())
		return;
	store_arg_text(&args, client->client_id);
	store_arg_uuid(&args, &secret->secret_id);
	store_arg_bytes(&args, secret->hash, sizeof(secret->hash));
	store_arg_time(&args, GetCurrentTimestamp());
	store_run(&client_secret_rehash_query, &args, NULL, NULL);
}

void
client_secret_used(Client *client, ClientSecret *secret)
{
	client->proved_secret = &secret->secret_id;
	note_use(client, secret);
}

void
client_secret_proved(Client *client, const char *secret_id)
{
	for (ClientSecret *secret = client->secrets; secret; secret = secret->next)
	{
		if (strcmp(strings_of_uuid(&secret->secret_id), secret_id) == 0)
			client->proved_secret = &secret->secret_id;
	}
}

/* all are looked at, so that the time tells nothing of which it is */
static ClientSecret *
find_hashed(const Client *client, const uint8_t *hash, TimestampTz now)
{
	ClientSecret *match = NULL;

	for (ClientSecret *secret = client->secrets; secret; secret = secret->next)
	{
		if (secret->hashed && pgtc_crypto_equal(hash, secret->hash, PGTC_SHA256_LEN) &&
			now < secret->expires_at)
			match = secret;
	}
	return match;
}

static bool
verify_imported(const ClientSecret *secret, const char *client_secret)
{
	PgtcSecretHash hash;
	PgtcCode code = pgtc_secret_hash_read(pgtc_slice_str(secret->imported), &hash);

	if (code == PGTC_OK)
		code = pgtc_secret_hash_verify(&hash, pgtc_slice_str(client_secret));
	if (code == PGTC_E_SIGNATURE)
		return false;
	/* a database that has moved to a server without it */
	if (code == PGTC_E_ALG)
		refused(PGT_ERR_CLIENT_SECRET_WRONG, "client_secret", NULL,
				psprintf("%s, which the libraries of this server do not have", hash.scheme));
	else
		glue_check(code, "verifying an imported client secret");
	return code == PGTC_OK;
}

/* slow, so only those that no secret has been found for in this session */
static ClientSecret *
find_imported(const Client *client, const char *client_secret, const uint8_t *sha256,
			  TimestampTz now)
{
	for (ClientSecret *secret = client->secrets; secret; secret = secret->next)
	{
		if (secret->hashed || now >= secret->expires_at || !verify_imported(secret, client_secret))
			continue;
		memcpy(secret->hash, sha256, sizeof(secret->hash));
		secret->hashed = true;
		return secret;
	}
	return NULL;
}

PgtErr
client_secret_check(Client *client, const char *client_secret)
{
	PgtcSlice presented = pgtc_slice_str(client_secret);
	TimestampTz now = GetCurrentTimestamp();
	uint8_t hash[PGTC_SHA256_LEN];
	ClientSecret *match;

	if (presented.len > PGTC_FOREIGN_SECRET_MAX)
		return PGT_ERR_CLIENT_SECRET_WRONG;
	glue_check(pgtc_crypto_sha256(presented.data, presented.len, hash), "hashing a client secret");
	match = find_hashed(client, hash, now);
	if (match == NULL)
		match = find_imported(client, client_secret, hash, now);
	if (match == NULL)
		return PGT_ERR_CLIENT_SECRET_WRONG;
	if (match->imported && pgtc_secret_looks_random(presented))
		rehash(client, match);
	client_secret_used(client, match);
	return PGT_OK;
}
