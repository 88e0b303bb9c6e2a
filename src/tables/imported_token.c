/*
 * imported_token.c
 *		Refresh tokens that another server has handed out.
 *
 * Where there is no source, a text that is no token of ours is compared with nothing.
 */
#include "tables/imported_token.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/store.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/foreign_token.h"

void
imported_token_secret(ImportSource *source, const uint8_t digest[PGTC_SHA256_LEN],
					  uint8_t secret[PGTC_SECRET_LEN], uint8_t hash[PGTC_SHA256_LEN])
{
	StaticAssertStmt(PGTC_SECRET_LEN == PGTC_SHA256_LEN, "a secret is as long as a hash");

	imported_source_ready(source);
	glue_check(pgtc_crypto_hmac_sha256(source->subkey, sizeof(source->subkey), digest,
									   PGTC_SHA256_LEN, secret),
			   "deriving a secret");
	glue_check(pgtc_crypto_sha256(secret, PGTC_SECRET_LEN, hash), "hashing a secret");
}

static void
read_family(StoreRow *row, void *arg)
{
	store_uuid(row, arg);
}

static StoreQuery imported_family_query = STORE_QUERY(
	"imported token", STORE_READS_LATEST,
	"SELECT t.grant_id FROM pgtoken.imported_tokens t WHERE t.token_hash" EQ "$1 LIMIT 1");

bool
imported_token_family(const uint8_t hash[PGTC_SHA256_LEN], pg_uuid_t *grant_id)
{
	StoreArgs args = {0};

	store_arg_bytes(&args, hash, PGTC_SHA256_LEN);
	return store_run(&imported_family_query, &args, read_family, grant_id) > 0;
}

static StoreQuery imported_insert_query = STORE_QUERY(
	"imported token insert", STORE_WRITES,
	"INSERT INTO pgtoken.imported_tokens (grant_id, issuer, source, token_hash, imported_at, "
	"expires_at) VALUES ($1, $2, $3, $4, $5, $6)");

void
imported_token_insert(const pg_uuid_t *grant_id, const ImportSource *source,
					  const uint8_t hash[PGTC_SHA256_LEN], TimestampTz expires_at)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_text(&args, source->issuer);
	store_arg_text(&args, source->source);
	store_arg_bytes(&args, hash, PGTC_SHA256_LEN);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_time(&args, expires_at);
	store_run(&imported_insert_query, &args, NULL, NULL);
}

static bool
find_digest(ImportSource *source, const uint8_t digest[PGTC_SHA256_LEN], PgtcRefreshToken *out)
{
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;

	imported_token_secret(source, digest, out->secret, hash);
	if (!imported_token_family(hash, &grant_id))
		return false;
	memcpy(out->grant_id, grant_id.data, PGTC_UUID_LEN);
	out->generation = 0;
	return true;
}

/* may it be a token of the source, and of which digest? */
static bool
digest_of(ImportSource *source, PgtcSlice token, uint8_t digest[PGTC_SHA256_LEN])
{
	if (source->format == PGTC_FOREIGN_WHOLE)
		return pgtc_foreign_token_digest(source->format, NULL, token, digest) == PGTC_OK;
	imported_source_ready(source);
	for (int i = 0; i < source->n_secrets; i++)
	{
		if (pgtc_foreign_token_digest(source->format, source->keys[i], token, digest) == PGTC_OK)
			return true;
	}
	return false;
}

bool
imported_token_find(const char *token, PgtcRefreshToken *out)
{
	PgtcSlice text = pgtc_slice_str(token);
	uint8_t digest[PGTC_SHA256_LEN];

	for (ImportSource *source = imported_source_first(); source; source = source->next)
	{
		if (digest_of(source, text, digest) && find_digest(source, digest, out))
			return true;
	}
	pgtc_crypto_wipe(out, sizeof(*out));
	return false;
}
