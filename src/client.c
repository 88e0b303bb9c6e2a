/*
 * client.c
 *		Clients and their authentication, cached by configuration epoch.
 *
 * Names that are not registered are not cached: a caller could fill memory with
 * them.
 */
#include "client.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cache.h"
#include "core/ids.h"
#include "glue.h"
#include "guc.h"
#include "store.h"

#define CLIENT_ID_MAX 255

typedef struct ClientEntry
{
	char client_id[CLIENT_ID_MAX + 1]; /* hash key */
	Client *client;
} ClientEntry;

static HTAB *clients = NULL;
static uint64 clients_number = 0;

static void
read_client(StoreRow *row, void *arg)
{
	Client *client = arg;
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(client));
	char *alg;

	client->issuer = store_text(row);
	client->confidential = store_bool(row);
	client->enabled = store_bool(row);
	pgt_check(pgtc_scope_parse(pgtc_slice_str(store_text(row)), &client->scope),
			  "reading a client's scopes");
	client->resources = store_texts(row, &client->n_resources);
	client->offline_access = store_bool(row);
	alg = store_text(row);
	client->alg = alg ? pgtc_alg_by_name(pgtc_slice_str(alg)) : NULL;
	client->access_token_lifetime = store_seconds(row, -1);
	client->refresh_absolute_lifetime = store_seconds(row, -1);
	client->refresh_idle_lifetime = store_seconds(row, -1);
	client->retry_window = store_seconds(row, -1);
	client->retry_limit = store_int(row, -1);
	client->rotates = store_bool(row);
	MemoryContextSwitchTo(caller);
}

static void
read_secret(StoreRow *row, void *arg)
{
	Client *client = arg;
	ClientSecret *secret =
		MemoryContextAllocZero(GetMemoryChunkContext(client), sizeof(ClientSecret));

	store_bytes(row, secret->hash, sizeof(secret->hash));
	secret->expires_at = store_time(row, DT_NOEND);
	secret->next = client->secrets;
	client->secrets = secret;
}

static Client *
load_client(const char *client_id, MemoryContext cache)
{
	StoreArgs args = {0};
	Client *client = MemoryContextAllocZero(cache, sizeof(Client));

	store_arg_text(&args, client_id);
	if (store_run(STORE_CLIENT_READ, &args, read_client, client) == 0)
	{
		pfree(client);
		return NULL;
	}
	client->client_id = MemoryContextStrdup(cache, client_id);
	store_run(STORE_CLIENT_SECRETS_READ, &args, read_secret, client);
	return client;
}

static Client *
find_cached(const char *client_id)
{
	MemoryContext cache = pgt_cache_context(CACHE_CONFIG);
	ClientEntry *entry;
	Client *client;

	if (clients_number != pgt_cache_number(CACHE_CONFIG))
	{
		HASHCTL control = {
			.keysize = sizeof(((ClientEntry *) NULL)->client_id),
			.entrysize = sizeof(ClientEntry),
			.hcxt = cache,
		};

		clients =
			hash_create("pgtoken clients", 64, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
		clients_number = pgt_cache_number(CACHE_CONFIG);
	}
	entry = hash_search(clients, client_id, HASH_FIND, NULL);
	if (entry)
		return entry->client;
	client = load_client(client_id, cache);
	if (client)
	{
		/* loading may have taken in an invalidation: the entry then goes at the next begin */
		entry = hash_search(clients, client_id, HASH_ENTER, NULL);
		entry->client = client;
	}
	return client;
}

static int
or_setting(int value, int setting)
{
	return value < 0 ? setting : value;
}

const Client *
client_find(const char *client_id)
{
	const Client *cached;
	Client *client;

	if (strlen(client_id) > CLIENT_ID_MAX)
		return NULL;
	cached = find_cached(client_id);
	if (cached == NULL)
		return NULL;

	/* settings can change without an invalidation, so they are applied to a copy */
	client = palloc(sizeof(Client));
	*client = *cached;
	client->access_token_lifetime =
		or_setting(client->access_token_lifetime, pgt_access_token_lifetime);
	client->refresh_absolute_lifetime =
		or_setting(client->refresh_absolute_lifetime, pgt_refresh_absolute_lifetime);
	client->refresh_idle_lifetime =
		or_setting(client->refresh_idle_lifetime, pgt_refresh_idle_lifetime);
	client->retry_window =
		or_setting(client->retry_window,
				   client->confidential ? pgt_retry_window_confidential : pgt_retry_window_public);
	return client;
}

PgtErr
client_authenticate(const Client *client, const char *client_secret)
{
	uint8_t hash[PGTC_SHA256_LEN];
	TimestampTz now = GetCurrentTimestamp();
	bool matches = false;

	if (!client->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	if (!client->confidential)
		return client_secret ? PGT_ERR_CLIENT_SECRET_WRONG : PGT_OK;
	if (client_secret == NULL)
		return PGT_ERR_CLIENT_SECRET_MISSING;

	if (strlen(client_secret) != PGTC_CLIENT_SECRET_LEN)
		return PGT_ERR_CLIENT_SECRET_WRONG;
	pgt_check(pgtc_sha256(client_secret, PGTC_CLIENT_SECRET_LEN, hash), "hashing a client secret");
	for (const ClientSecret *secret = client->secrets; secret; secret = secret->next)
	{
		if (pgtc_equal_secret(hash, secret->hash, sizeof(hash)) && now < secret->expires_at)
			matches = true;
	}
	return matches ? PGT_OK : PGT_ERR_CLIENT_SECRET_WRONG;
}
