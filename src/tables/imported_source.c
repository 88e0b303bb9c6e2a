/*
 * imported_source.c
 *		Other servers whose refresh tokens an issuer takes.
 *
 * They are few and read whole.
 */
#include "tables/imported_source.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/random.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "tables/issuer.h"
#include "tables/key_material.h"

/* so that nobody makes each foreign token cost more than a few hashes */
#define SECRETS_MAX 8

typedef struct SourceNode
{
	ImportSource source; /* first */
	MemoryContextCallback wipe;
} SourceNode;

static ImportSource *sources = NULL;
static uint64 sources_number = 0;

static void
wipe_source(void *arg)
{
	ImportSource *source = arg;

	if (source->keys)
		pgtc_crypto_wipe(source->keys, sizeof(*source->keys) * source->n_secrets);
	pgtc_crypto_wipe(source->subkey, sizeof(source->subkey));
}

static void
read_source(StoreRow *row, void *arg)
{
	MemoryContext cache = cache_context(CACHE_CONFIG);
	MemoryContext caller = MemoryContextSwitchTo(cache);
	SourceNode *node = palloc0(sizeof(SourceNode));
	ImportSource *source = &node->source;

	(void) arg;
	source->issuer = store_text(row);
	source->source = store_text(row);
	source->format = (PgtcForeignFormat) store_name(row, pgtc_foreign_token_format);
	source->secret_ids = store_uuids(row, &source->n_secrets);
	node->wipe.func = wipe_source;
	node->wipe.arg = source;
	MemoryContextRegisterResetCallback(cache, &node->wipe);
	source->next = sources;
	sources = source;
	MemoryContextSwitchTo(caller);
}

static StoreQuery sources_read_query = STORE_QUERY(
	"import sources read", STORE_READS_LATEST,
	"SELECT s.issuer, s.source, s.token_format, s.secret_ids FROM pgtoken.import_sources s "
	"ORDER BY s.issuer, s.source");

ImportSource *
imported_source_first(void)
{
	if (sources_number != cache_number(CACHE_CONFIG))
	{
		sources = NULL;
		sources_number = 0;
		store_run(&sources_read_query, NULL, read_source, NULL);
		sources_number = cache_number(CACHE_CONFIG);
	}
	return sources;
}

ImportSource *
imported_source_find(const char *issuer, const char *source)
{
	for (ImportSource *at = imported_source_first(); at; at = at->next)
	{
		if (strcmp(at->issuer, issuer) == 0 && strcmp(at->source, source) == 0)
			return at;
	}
	return NULL;
}

static StoreQuery source_insert_query =
	STORE_QUERY("import source insert", STORE_WRITES,
				"INSERT INTO pgtoken.import_sources (issuer, source, token_format) "
				"VALUES ($1, $2, $3) ON CONFLICT (issuer, source) DO NOTHING");

static StoreQuery source_lock_query =
	STORE_QUERY("import source lock", STORE_READS,
				"SELECT 0 FROM pgtoken.import_sources s WHERE s.issuer" EQ "$1 AND s.source" EQ
				"$2 FOR NO KEY UPDATE");

ImportSource *
imported_source_lock(const char *issuer, const char *source, PgtcForeignFormat format)
{
	StoreArgs args = {0};
	ImportSource *found = imported_source_find(issuer, source);

	store_arg_text(&args, issuer);
	store_arg_text(&args, source);
	if (found == NULL)
	{
		StoreArgs insert = args;

		store_arg_text(&insert, pgtc_foreign_token_format(format));
		store_run(&source_insert_query, &insert, NULL, NULL);
		cache_begin();
		found = imported_source_find(issuer, source);
	}
	store_run(&source_lock_query, &args, NULL, NULL);
	if (found == NULL)
		elog(ERROR, "a source of imports was not written");
	if (found->format != format)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("tokens of the source \"%s\" have the format %s, not %s", source,
					pgtc_foreign_token_format(found->format), pgtc_foreign_token_format(format)),
			 errhint("A secret that they are authenticated by is brought before the first of "
					 "them.")));
	return found;
}

static char *
secret_label(const pg_uuid_t *secret_id)
{
	return psprintf("import:%s", strings_of_uuid(secret_id));
}

static void
open_secret(const pg_uuid_t *secret_id, uint8_t out[PGTC_FOREIGN_KEY_LEN])
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	key_material_read(secret_label(secret_id), &buf);
	if (buf.len != PGTC_FOREIGN_KEY_LEN)
		elog(ERROR, "a secret of imported tokens has the wrong length");
	memcpy(out, buf.data, PGTC_FOREIGN_KEY_LEN);
	pgtc_buf_free(&buf);
}

void
imported_source_ready(ImportSource *source)
{
	if (source->opened)
		return;
	if (source->n_secrets > 0)
	{
		source->keys = MemoryContextAllocZero(cache_context(CACHE_CONFIG),
											  sizeof(*source->keys) * source->n_secrets);
		for (int i = 0; i < source->n_secrets; i++)
			open_secret(&source->secret_ids[i], source->keys[i]);
	}
	issuer_subkey(issuer_get(source->issuer),
				  psprintf("imported refresh tokens: %s %s",
						   pgtc_foreign_token_format(source->format), source->source),
				  source->subkey);
	source->opened = true;
}

static StoreQuery source_secret_query = STORE_QUERY(
	"import source secret", STORE_WRITES,
	"UPDATE pgtoken.import_sources s SET secret_ids = s.secret_ids OPERATOR(pg_catalog.||) $3 "
	"WHERE s.issuer" EQ "$1 AND s.source" EQ "$2");

bool
imported_source_add_secret(ImportSource *source, PgtcSlice secret)
{
	uint8_t key[PGTC_FOREIGN_KEY_LEN];
	StoreArgs args = {0};
	pg_uuid_t secret_id;

	imported_source_ready(source);
	glue_check(pgtc_foreign_token_key(secret, key), "hashing a secret");
	for (int i = 0; i < source->n_secrets; i++)
	{
		if (pgtc_crypto_equal(source->keys[i], key, sizeof(key)))
			return false;
	}
	if (source->n_secrets >= SECRETS_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the source has %d secrets already", SECRETS_MAX),
						errdetail("A token that is not ours is held against each of them.")));
	random_uuid(&secret_id);
	store_arg_text(&args, source->issuer);
	store_arg_text(&args, source->source);
	store_arg_uuid(&args, &secret_id);
	key_material_insert(secret_label(&secret_id), key, sizeof(key));
	pgtc_crypto_wipe(key, sizeof(key));
	store_run(&source_secret_query, &args, NULL, NULL);
	return true;
}

PgtcCode
imported_source_open(ImportSource *source, PgtcSlice text, PgtcBuf *out)
{
	PgtcCode code = PGTC_E_SIGNATURE;

	imported_source_ready(source);
	for (int i = 0; i < source->n_secrets && code == PGTC_E_SIGNATURE; i++)
		code = pgtc_foreign_token_open(source->keys[i], text, out);
	return code;
}
