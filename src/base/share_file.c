/*
 * share_file.c
 *		Files that were installed with the extension, in PostgreSQL's share directory.
 *
 * A few that everybody asks for, small: read once by a backend.  One that was replaced,
 * by an installation of another version, is read again, which its time and size tell.
 */
#include "base/share_file.h"

#include <sys/stat.h>

#include "miscadmin.h"
#include "port.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#define FILE_MAX (2 * 1024 * 1024)
#define KEPT_MAX (8 * 1024 * 1024) /* of all, in a backend */

typedef struct Kept
{
	char *path;
	struct stat is;
	char *data;
	struct Kept *next;
} Kept;

static MemoryContext memory = NULL;
static Kept *all_kept = NULL;
static size_t kept_size = 0;

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtime == b->st_mtime && a->st_ino == b->st_ino &&
		   a->st_dev == b->st_dev;
}

/* a build that was replaced leaves files that nobody asks for any more: all go at once */
static void
forget_all(void)
{
	if (memory)
		MemoryContextReset(memory);
	all_kept = NULL;
	kept_size = 0;
}

static const Kept *
find(const char *path, const struct stat *is)
{
	for (const Kept *kept = all_kept; kept; kept = kept->next)
	{
		if (strcmp(kept->path, path) != 0)
			continue;
		if (is_same(&kept->is, is))
			return kept;
		forget_all();
		return NULL;
	}
	return NULL;
}

/* false: it has become another one meanwhile */
static bool
read_bytes(const char *path, char *data, size_t len)
{
	FILE *file = AllocateFile(path, PG_BINARY_R);
	bool whole;

	if (file == NULL)
		return false;
	whole = fread(data, 1, len, file) == len && fgetc(file) == EOF;
	FreeFile(file);
	return whole;
}

static const Kept *
keep(const char *path, const struct stat *is)
{
	MemoryContext caller;
	Kept *kept;

	if (kept_size + is->st_size > KEPT_MAX)
		forget_all();
	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext, "pgtoken files", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(memory);
	kept = palloc(sizeof(Kept));
	kept->path = pstrdup(path);
	kept->is = *is;
	kept->data = palloc0(is->st_size + 1);
	MemoryContextSwitchTo(caller);
	if (!read_bytes(path, kept->data, is->st_size))
		return NULL;
	kept->next = all_kept;
	all_kept = kept;
	kept_size += is->st_size;
	return kept;
}

bool
share_file_read(const char *folder, const char *name, PgtcSlice *out)
{
	char share[MAXPGPATH];
	const Kept *kept;
	struct stat is;
	char *path;

	get_share_path(my_exec_path, share);
	path = psprintf("%s/%s/%s", share, folder, name);
	/* not through a link: what it names may lie anywhere */
	if (lstat(path, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size > FILE_MAX)
		return false;
	kept = find(path, &is);
	if (kept == NULL)
		kept = keep(path, &is);
	if (kept == NULL)
		return false;
	*out = pgtc_slice(kept->data, kept->is.st_size);
	return true;
}
