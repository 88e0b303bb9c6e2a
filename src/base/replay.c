/*
 * replay.c
 *		Identifiers that may be used once: the primary key decides, and before it
 *		what the server remembers.
 *
 * A row goes with its transaction when that rolls back, and a transaction that may
 * not write has none.  What is remembered in shared memory stays: used is used.
 */
#include "base/replay.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/shared_memory.h"
#include "base/store.h"
#include "core/base/crypto.h"
#include "core/base/replay_set.h"

static void
hash_of(const char *purpose, const char *owner, const char *id, uint8_t hash[PGTC_SHA256_LEN])
{
	StringInfoData text;

	initStringInfo(&text);
	/* each part with its end, so that no two triples make one text */
	appendBinaryStringInfo(&text, purpose, strlen(purpose) + 1);
	appendBinaryStringInfo(&text, owner, strlen(owner) + 1);
	appendBinaryStringInfo(&text, id, strlen(id) + 1);
	glue_check(pgtc_crypto_sha256(text.data, text.len, hash), "hashing an identifier");
	pfree(text.data);
}

/* its place in the set of the whole server is this database's own */
static void
id_in_memory(const SharedMemory *shared, const uint8_t hash[PGTC_SHA256_LEN],
			 uint8_t id[PGTC_SHA256_LEN])
{
	char what[PGTC_SHA256_LEN + sizeof(Oid)];

	memcpy(what, hash, PGTC_SHA256_LEN);
	memcpy(what + PGTC_SHA256_LEN, &MyDatabaseId, sizeof(Oid));
	glue_check(pgtc_crypto_hmac_sha256(shared->replay_key, PGTC_SHA256_LEN, what, sizeof(what), id),
			   "hashing an identifier");
}

/* has the request at hand used an identifier that nothing but its transaction remembers? */
static bool rests_on_transaction = false;

/* true also where there is no memory */
static bool
first_use_in_memory(const uint8_t hash[PGTC_SHA256_LEN], TimestampTz expires_at)
{
	SharedMemory *shared = guc_shared_replay_ids > 0 ? shared_memory() : NULL;
	uint8_t id[PGTC_SHA256_LEN];
	PgtcReplay seen;

	if (shared == NULL || shared->n_replay == 0)
	{
		rests_on_transaction = true;
		return true;
	}
	id_in_memory(shared, hash, id);
	LWLockAcquire(&shared->replay_lock, LW_EXCLUSIVE);
	seen = pgtc_replay_set_add(shared_memory_replay_ids(shared), shared->n_replay, id,
							   GetCurrentTimestamp(), expires_at);
	if (seen == PGTC_REPLAY_CROWDED)
		rests_on_transaction = true;
	LWLockRelease(&shared->replay_lock);
	return seen != PGTC_REPLAY_SEEN;
}

bool
replay_first_use_unwritten(const char *purpose, const char *owner, const char *id,
						   TimestampTz expires_at)
{
	uint8_t hash[PGTC_SHA256_LEN];

	hash_of(purpose, owner, id, hash);
	return first_use_in_memory(hash, expires_at);
}

static StoreQuery replay_insert_query =
	STORE_QUERY("replay id insert", STORE_WRITES,
				"INSERT INTO pgtoken.replay_ids (replay_hash, expires_at) VALUES ($1, $2) "
				"ON CONFLICT DO NOTHING");

bool
replay_first_use(const char *purpose, const char *owner, const char *id, TimestampTz expires_at)
{
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];

	hash_of(purpose, owner, id, hash);
	if (!first_use_in_memory(hash, expires_at))
		return false;
	store_arg_bytes(&args, hash, sizeof(hash));
	store_arg_time(&args, expires_at);
	return store_run(&replay_insert_query, &args, NULL, NULL) == 1;
}

void
replay_begin_request(void)
{
	rests_on_transaction = false;
}

bool
replay_rests_on_transaction(void)
{
	return rests_on_transaction;
}
