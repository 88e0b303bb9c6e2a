/*
 * key_material.c
 *		Private keys and peppers at rest, and the root keys that wrap them.
 *
 * The root key file is read each time a piece is wrapped or opened, which is
 * once per backend and key; nothing of it stays in memory.
 */
#include "tables/key_material.h"

#include "utils/memutils.h"

#include "base/configuration.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/random.h"
#include "base/secret_file.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/jose/root_keys.h"
#include "core/jose/wrap.h"

#define ROOT_KEY_FILE_MAX 4096
#define REWRAP_BATCH 1000

/* NULL when *keys is filled; the caller wipes them */
static const char *
read_root_keys(PgtcRootKeys *keys)
{
	char content[ROOT_KEY_FILE_MAX];
	size_t len;
	const char *problem;
	PgtcCode code;

	if (guc_root_key_file == NULL || guc_root_key_file[0] == '\0')
		return "unset";
	problem = secret_file_read("pgtoken.root_key_file", guc_root_key_file, content, sizeof(content),
							   &len);
	if (problem)
		return problem;
	code = pgtc_root_keys_parse(pgtc_slice(content, len), keys);
	pgtc_crypto_wipe(content, sizeof(content));
	return code == PGTC_OK ? NULL
						   : "pgtoken.root_key_file does not hold keys of 64 hexadecimal digits, "
							 "one per line";
}

/* false: none is set; ereport when one is set and unusable */
static bool
get_root_keys(PgtcRootKeys *keys)
{
	const char *problem = read_root_keys(keys);

	if (problem == NULL)
		return true;
	if (strcmp(problem, "unset") == 0)
		return false;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no usable root key"),
			 errdetail_log("%s", problem),
			 errhint("An administrator finds the reason in pgtoken.health() and the server log.")));
}

static void
wrap(const PgtcRootKeys *keys, const char *material_id, const void *data, size_t len, PgtcBuf *out)
{
	uint8_t nonce[PGTC_WRAP_NONCE_LEN];

	random_bytes(nonce, sizeof(nonce));
	glue_check(pgtc_wrap(keys, pgtc_slice_str(material_id), nonce, data, len, out),
			   "wrapping key material");
}

bool
key_material_seal(const char *label, const void *data, size_t len, PgtcBuf *out)
{
	PgtcRootKeys keys;
	bool wrapped = get_root_keys(&keys);

	if (wrapped)
	{
		wrap(&keys, label, data, len, out);
		pgtc_root_keys_wipe(&keys);
	}
	else
		pgtc_buf_append(out, data, len);
	glue_check(pgtc_buf_code(out), "storing key material");
	return wrapped;
}

static StoreQuery material_insert_query = STORE_QUERY(
	"key material insert", STORE_WRITES,
	"INSERT INTO pgtoken.key_material (material_id, material, wrapped) VALUES ($1, $2, $3)");

void
key_material_insert(const char *material_id, const void *data, size_t len)
{
	StoreArgs args = {0};
	PgtcBuf buf;
	bool wrapped;

	pgtc_buf_init(&buf, &glue_mem);
	wrapped = key_material_seal(material_id, data, len, &buf);
	store_arg_text(&args, material_id);
	store_arg_bytes(&args, buf.data, buf.len);
	store_arg_bool(&args, wrapped);
	store_run(&material_insert_query, &args, NULL, NULL);
	pgtc_buf_free(&buf);
}

typedef struct Material
{
	char *material_id; /* the label */
	/* of a factor's secret: its row */
	char *issuer;
	char *subject;
	pg_uuid_t factor_id;
	bytea *bytes;
	bool wrapped;
	struct Material *next;
} Material;

static void
read_material(StoreRow *row, void *arg)
{
	Material *material = arg;

	material->bytes = store_bytea(row);
	material->wrapped = store_bool(row);
}

static void
open_material(const Material *material, const PgtcRootKeys *keys, PgtcBuf *out)
{
	PgtcCode code =
		pgtc_wrap_open(keys, pgtc_slice_str(material->material_id), VARDATA_ANY(material->bytes),
					   VARSIZE_ANY_EXHDR(material->bytes), out);

	if (code == PGTC_E_NOMEM)
		glue_check(code, "opening key material");
	if (code != PGTC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key material cannot be opened"),
				 errdetail_log("\"%s\": %s.", material->material_id, pgtc_code_text(code)),
				 errhint("pgtoken.root_key_file must hold the root key it was wrapped under.")));
}

void
key_material_open(const char *label, bytea *stored, bool wrapped, PgtcBuf *out)
{
	Material material = {.material_id = unconstify(char *, label), .bytes = stored};
	PgtcRootKeys keys;

	if (!wrapped)
		pgtc_buf_append(out, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	else
	{
		if (!get_root_keys(&keys))
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("key material is wrapped and no root key is set"),
							errhint("Set pgtoken.root_key_file to the file it was wrapped with.")));
		open_material(&material, &keys, out);
		pgtc_root_keys_wipe(&keys);
	}
	glue_check(pgtc_buf_code(out), "reading key material");
}

void
key_material_read(const char *material_id, PgtcBuf *out)
{
	if (!key_material_read_optional(material_id, out))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("key material is missing"), errdetail_log("\"%s\".", material_id)));
}

static StoreQuery material_read_query = STORE_QUERY(
	"key material read", STORE_READS_LATEST,
	"SELECT m.material, m.wrapped FROM pgtoken.key_material m WHERE m.material_id" EQ "$1");

bool
key_material_read_optional(const char *material_id, PgtcBuf *out)
{
	StoreArgs args = {0};
	Material material = {0};

	store_arg_text(&args, material_id);
	if (store_run(&material_read_query, &args, read_material, &material) == 0)
		return false;
	key_material_open(material_id, material.bytes, material.wrapped, out);
	pgtc_crypto_wipe(VARDATA_ANY(material.bytes), VARSIZE_ANY_EXHDR(material.bytes));
	return true;
}

static void
collect_material(StoreRow *row, void *arg)
{
	Material **list = arg;
	Material *material = palloc0(sizeof(Material));

	material->material_id = store_text(row);
	material->bytes = store_bytea(row);
	material->wrapped = store_bool(row);
	material->next = *list;
	*list = material;
}

static char *
factor_label(const pg_uuid_t *factor_id)
{
	return psprintf("%s%s", KEY_MATERIAL_FACTOR_PREFIX, strings_of_uuid(factor_id));
}

static void
collect_sample(StoreRow *row, void *arg)
{
	Material **list = arg;
	Material *material = palloc0(sizeof(Material));

	store_uuid(row, &material->factor_id);
	material->material_id = factor_label(&material->factor_id);
	material->bytes = store_bytea(row);
	material->wrapped = true;
	material->next = *list;
	*list = material;
}

static void
append_factor_secret(StoreRow *row, void *arg)
{
	Material ***end = arg;
	Material *material = palloc0(sizeof(Material));

	material->issuer = store_text(row);
	material->subject = store_text(row);
	store_uuid(row, &material->factor_id);
	material->material_id = factor_label(&material->factor_id);
	material->bytes = store_bytea(row);
	material->wrapped = store_bool(row);
	**end = material;
	*end = &material->next;
}

static StoreQuery material_list_query =
	STORE_QUERY("key material list", STORE_READS_LATEST,
				"SELECT m.material_id, m.material, m.wrapped FROM pgtoken.key_material m");

static StoreQuery factor_secret_samples_query =
	STORE_QUERY("factor secret samples", STORE_READS_LATEST,
				"SELECT DISTINCT ON (pg_catalog.substr(f.secret, 2, 8)) f.factor_id, f.secret "
				"FROM pgtoken.factors f WHERE f.wrapped");

/* a piece the keys do not open, of the secrets of factors one for each root key; NULL */
static const char *
first_closed(const PgtcRootKeys *keys)
{
	Material *list = NULL;
	const char *closed = NULL;

	store_run(&material_list_query, NULL, collect_material, &list);
	store_run(&factor_secret_samples_query, NULL, collect_sample, &list);
	for (Material *material = list; material && closed == NULL; material = material->next)
	{
		PgtcBuf plain;

		pgtc_buf_init(&plain, &glue_mem);
		if (material->wrapped &&
			pgtc_wrap_open(keys, pgtc_slice_str(material->material_id),
						   VARDATA_ANY(material->bytes), VARSIZE_ANY_EXHDR(material->bytes),
						   &plain) != PGTC_OK)
			closed = material->material_id;
		pgtc_buf_free(&plain);
	}
	return closed;
}

const char *
key_material_root_problem(void)
{
	PgtcRootKeys keys;
	const char *problem = read_root_keys(&keys);
	const char *closed;

	if (problem)
		return problem;
	closed = first_closed(&keys);
	pgtc_root_keys_wipe(&keys);
	return closed ? psprintf("pgtoken.root_key_file does not open \"%s\"", closed) : NULL;
}

int
key_material_root_ids(char ***ids)
{
	PgtcRootKeys keys;
	int n;

	*ids = NULL;
	if (!get_root_keys(&keys))
		return 0;
	n = keys.n;
	*ids = palloc(sizeof(char *) * n);
	for (int i = 0; i < n; i++)
	{
		char *hex = palloc0(2 * PGTC_ROOT_KEY_ID_LEN + 1);

		for (int byte = 0; byte < PGTC_ROOT_KEY_ID_LEN; byte++)
			snprintf(hex + 2 * byte, 3, "%02x", keys.key[i].id[byte]);
		(*ids)[i] = hex;
	}
	pgtc_root_keys_wipe(&keys);
	return n;
}

/* appended as wrapped under the first root key; false: it is already */
static bool
rewrap(const PgtcRootKeys *keys, const Material *material, PgtcBuf *out)
{
	const char *bytes = VARDATA_ANY(material->bytes);
	size_t len = VARSIZE_ANY_EXHDR(material->bytes);
	PgtcBuf plain;

	if (material->wrapped && pgtc_wrap_by_first(keys, bytes, len))
		return false;
	pgtc_buf_init(&plain, &glue_mem);
	if (material->wrapped)
		open_material(material, keys, &plain);
	else
		pgtc_buf_append(&plain, bytes, len);
	glue_check(pgtc_buf_code(&plain), "opening key material");
	wrap(keys, material->material_id, plain.data, plain.len, out);
	pgtc_buf_free(&plain);
	return true;
}

static StoreQuery material_update_query = STORE_QUERY(
	"key material update", STORE_WRITES,
	"UPDATE pgtoken.key_material m SET material = $2, wrapped = true WHERE m.material_id" EQ "$1");

/* what audit seals are signed with is no configuration */
static bool
is_own(const Material *material)
{
	return strncmp(material->material_id, "audit:", strlen("audit:")) == 0;
}

static int
rewrap_key_material(const PgtcRootKeys *keys)
{
	Material *list = NULL;
	int written = 0;

	store_run(&material_list_query, NULL, collect_material, &list);
	for (Material *material = list; material; material = material->next)
	{
		StoreArgs args = {0};
		PgtcBuf wrapped;

		/* of a subscriber the rest comes as its primary wraps it */
		if (configuration_is_elsewhere() && !is_own(material))
			continue;
		pgtc_buf_init(&wrapped, &glue_mem);
		if (rewrap(keys, material, &wrapped))
		{
			store_arg_text(&args, material->material_id);
			store_arg_bytes(&args, wrapped.data, wrapped.len);
			store_run(&material_update_query, &args, NULL, NULL);
			written++;
		}
		pgtc_buf_free(&wrapped);
	}
	return written;
}

static StoreQuery factor_secret_update_query =
	STORE_QUERY("factor secret update", STORE_WRITES,
				"UPDATE pgtoken.factors f SET secret = $4, wrapped = true WHERE f.issuer" EQ
				"$1 AND f.subject" EQ "$2 AND f.factor_id" EQ "$3 AND f.secret" EQ "$5");

static bool
rewrap_factor_secret(const PgtcRootKeys *keys, const Material *material)
{
	StoreArgs args = {0};
	PgtcBuf wrapped;
	bool written = false;

	pgtc_buf_init(&wrapped, &glue_mem);
	if (rewrap(keys, material, &wrapped))
	{
		store_arg_text(&args, material->issuer);
		store_arg_text(&args, material->subject);
		store_arg_uuid(&args, &material->factor_id);
		store_arg_bytes(&args, wrapped.data, wrapped.len);
		store_arg_bytes(&args, VARDATA_ANY(material->bytes), VARSIZE_ANY_EXHDR(material->bytes));
		written = store_run(&factor_secret_update_query, &args, NULL, NULL) == 1;
	}
	pgtc_buf_free(&wrapped);
	return written;
}

static StoreQuery factor_secrets_query = STORE_QUERY(
	"factor secrets", STORE_READS_LATEST,
	"SELECT f.issuer, f.subject, f.factor_id, f.secret, f.wrapped FROM pgtoken.factors f "
	"WHERE f.secret IS NOT NULL AND ROW(f.issuer, f.subject, f.factor_id) "
	"OPERATOR(pg_catalog.>) ROW($1, $2, $3) ORDER BY f.issuer, f.subject, f.factor_id "
	"LIMIT $4");

/* in batches, by the primary key: there may be as many as users */
static int
rewrap_factor_secrets(const PgtcRootKeys *keys)
{
	Material last = {.issuer = "", .subject = ""};
	uint64 n = REWRAP_BATCH;
	int written = 0;

	while (n == REWRAP_BATCH)
	{
		MemoryContext batch =
			AllocSetContextCreate(CurrentMemoryContext, "pgtoken rewrap", ALLOCSET_DEFAULT_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(batch);
		StoreArgs args = {0};
		Material *list = NULL;
		Material **end = &list;

		store_arg_text(&args, last.issuer);
		store_arg_text(&args, last.subject);
		store_arg_uuid(&args, &last.factor_id);
		store_arg_int(&args, REWRAP_BATCH);
		n = store_run(&factor_secrets_query, &args, append_factor_secret, &end);
		for (Material *material = list; material; material = material->next)
		{
			written += rewrap_factor_secret(keys, material);
			last = *material;
		}
		MemoryContextSwitchTo(caller);
		if (n > 0)
		{
			last.issuer = pstrdup(last.issuer);
			last.subject = pstrdup(last.subject);
		}
		MemoryContextDelete(batch);
	}
	return written;
}

int
key_material_rewrap(void)
{
	PgtcRootKeys keys;
	int written;

	if (!get_root_keys(&keys))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no root key is set"),
				 errhint("Set pgtoken.root_key_file and reload the configuration.")));
	written = rewrap_key_material(&keys) + rewrap_factor_secrets(&keys);
	pgtc_root_keys_wipe(&keys);
	return written;
}
