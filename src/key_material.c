/*
 * key_material.c
 *		Private keys and peppers at rest, and the root keys that wrap them.
 *
 * The root key file is read each time a piece is wrapped or opened, which is
 * once per backend and key; nothing of it stays in memory.
 */
#include "key_material.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"

#include "glue.h"
#include "guc.h"
#include "store.h"

#define ROOT_KEY_FILE_MAX 4096

/* NULL when *keys is filled; the caller wipes them */
static const char *
read_root_keys(PgtcRootKeys *keys)
{
	char content[ROOT_KEY_FILE_MAX];
	struct stat st;
	ssize_t len;
	int fd;
	PgtcCode code;

	if (pgt_root_key_file == NULL || pgt_root_key_file[0] == '\0')
		return "unset";
	/* O_NONBLOCK: a named pipe must not hold us up before it is refused */
	fd = OpenTransientFile(pgt_root_key_file, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return psprintf("pgtoken.root_key_file cannot be opened: %m");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
	{
		CloseTransientFile(fd);
		return "pgtoken.root_key_file is not a regular file";
	}
	/* the rule PostgreSQL has for TLS keys: ours and private, or root's and at most group-readable */
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
		(st.st_uid == geteuid() && (st.st_mode & (S_IRWXG | S_IRWXO))) ||
		(st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO))))
	{
		CloseTransientFile(fd);
		return "pgtoken.root_key_file must belong to the server's user with mode 0600 or less, or "
			   "to root with mode 0640 or less";
	}
	len = read(fd, content, sizeof(content));
	CloseTransientFile(fd);
	if (len < 0 || len == sizeof(content))
	{
		pgtc_wipe(content, sizeof(content));
		return len < 0 ? "pgtoken.root_key_file cannot be read"
					   : "pgtoken.root_key_file is too long";
	}
	code = pgtc_root_keys_parse(pgtc_slice(content, len), keys);
	pgtc_wipe(content, sizeof(content));
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

	pgt_random(nonce, sizeof(nonce));
	pgt_check(pgtc_wrap(keys, pgtc_slice_str(material_id), nonce, data, len, out),
			  "wrapping key material");
}

void
key_material_insert(const char *material_id, const void *data, size_t len)
{
	StoreArgs args = {0};
	PgtcRootKeys keys;
	bool wrapped = get_root_keys(&keys);
	PgtcBuf buf;

	pgtc_buf_init(&buf, &pgt_mem);
	if (wrapped)
	{
		wrap(&keys, material_id, data, len, &buf);
		pgtc_root_keys_wipe(&keys);
	}
	else
		pgtc_buf_append(&buf, data, len);
	pgt_check(pgtc_buf_code(&buf), "storing key material");

	store_arg_text(&args, material_id);
	store_arg_bytes(&args, buf.data, buf.len);
	store_arg_bool(&args, wrapped);
	store_run(STORE_MATERIAL_INSERT, &args, NULL, NULL);
	pgtc_buf_free(&buf);
}

typedef struct Material
{
	char *material_id;
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
		pgtc_unwrap(keys, pgtc_slice_str(material->material_id), VARDATA_ANY(material->bytes),
					VARSIZE_ANY_EXHDR(material->bytes), out);

	if (code == PGTC_E_NOMEM)
		pgt_check(code, "opening key material");
	if (code != PGTC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key material cannot be opened"),
				 errdetail_log("\"%s\": %s.", material->material_id, pgtc_code_text(code)),
				 errhint("pgtoken.root_key_file must hold the root key it was wrapped under.")));
}

void
key_material_read(const char *material_id, PgtcBuf *out)
{
	if (!key_material_read_optional(material_id, out))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("key material is missing"), errdetail_log("\"%s\".", material_id)));
}

bool
key_material_read_optional(const char *material_id, PgtcBuf *out)
{
	StoreArgs args = {0};
	Material material = {.material_id = unconstify(char *, material_id)};
	PgtcRootKeys keys;

	store_arg_text(&args, material_id);
	if (store_run(STORE_MATERIAL_READ, &args, read_material, &material) == 0)
		return false;
	if (!material.wrapped)
	{
		pgtc_buf_append(out, VARDATA_ANY(material.bytes), VARSIZE_ANY_EXHDR(material.bytes));
		pgtc_wipe(VARDATA_ANY(material.bytes), VARSIZE_ANY_EXHDR(material.bytes));
	}
	else
	{
		if (!get_root_keys(&keys))
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("key material is wrapped and no root key is set"),
							errhint("Set pgtoken.root_key_file to the file it was wrapped with.")));
		open_material(&material, &keys, out);
		pgtc_root_keys_wipe(&keys);
	}
	pgt_check(pgtc_buf_code(out), "reading key material");
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

/* the first piece the keys do not open; NULL */
static const char *
first_closed(const PgtcRootKeys *keys)
{
	Material *list = NULL;
	const char *closed = NULL;

	store_run(STORE_MATERIAL_LIST, NULL, collect_material, &list);
	for (Material *material = list; material && closed == NULL; material = material->next)
	{
		PgtcBuf plain;

		pgtc_buf_init(&plain, &pgt_mem);
		if (material->wrapped &&
			pgtc_unwrap(keys, pgtc_slice_str(material->material_id), VARDATA_ANY(material->bytes),
						VARSIZE_ANY_EXHDR(material->bytes), &plain) != PGTC_OK)
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
key_material_rewrap(void)
{
	Material *list = NULL;
	PgtcRootKeys keys;
	int written = 0;

	if (!get_root_keys(&keys))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no root key is set"),
				 errhint("Set pgtoken.root_key_file and reload the configuration.")));
	store_run(STORE_MATERIAL_LIST, NULL, collect_material, &list);
	for (Material *material = list; material; material = material->next)
	{
		const char *bytes = VARDATA_ANY(material->bytes);
		size_t len = VARSIZE_ANY_EXHDR(material->bytes);
		StoreArgs args = {0};
		PgtcBuf plain;
		PgtcBuf wrapped;

		if (material->wrapped && pgtc_wrapped_by_first(&keys, bytes, len))
			continue;
		pgtc_buf_init(&plain, &pgt_mem);
		pgtc_buf_init(&wrapped, &pgt_mem);
		if (material->wrapped)
			open_material(material, &keys, &plain);
		else
			pgtc_buf_append(&plain, bytes, len);
		pgt_check(pgtc_buf_code(&plain), "opening key material");
		wrap(&keys, material->material_id, plain.data, plain.len, &wrapped);
		pgtc_buf_free(&plain);

		store_arg_text(&args, material->material_id);
		store_arg_bytes(&args, wrapped.data, wrapped.len);
		store_run(STORE_MATERIAL_UPDATE, &args, NULL, NULL);
		pgtc_buf_free(&wrapped);
		written++;
	}
	pgtc_root_keys_wipe(&keys);
	return written;
}
