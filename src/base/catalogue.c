/*
 * catalogue.c
 *		Which version of the extension the database has, and whether this library goes
 *		with it.
 */
#include "base/catalogue.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#define PARTS 3

uint64 catalogue_changes;

static long met[PARTS];

char *
catalogue_version(void)
{
	Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
	char *version = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple row;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("pgtoken"));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool is_null;
		Datum value =
			heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(extensions), &is_null);

		if (!is_null)
			version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	return version;
}

/* 1.2.3; false for what is written in another way */
static bool
read_version(const char *version, long *parts)
{
	for (int i = 0; i < PARTS; i++)
	{
		char *end;

		if (*version < '0' || *version > '9')
			return false;
		parts[i] = strtol(version, &end, 10);
		if (*end != (i < PARTS - 1 ? '.' : '\0'))
			return false;
		version = end + 1;
	}
	return true;
}

static int
compare(const long *a, const long *b)
{
	for (int i = 0; i < PARTS; i++)
	{
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

CatalogueFit
catalogue_fit(const char *version)
{
	long there[PARTS];
	long here[PARTS];
	long oldest[PARTS];
	int order;

	if (!read_version(version, there) || !read_version(PGTOKEN_VERSION, here) ||
		!read_version(CATALOGUE_OLDEST, oldest))
		return strcmp(version, PGTOKEN_VERSION) == 0 ? CATALOGUE_CURRENT : CATALOGUE_TOO_NEW;
	order = compare(there, here);
	if (order == 0)
		return CATALOGUE_CURRENT;
	if (order > 0)
		return there[0] > here[0] ? CATALOGUE_TOO_NEW : CATALOGUE_AHEAD;
	return compare(there, oldest) < 0 ? CATALOGUE_TOO_OLD : CATALOGUE_BEHIND;
}

bool
catalogue_has(int major, int minor, int patch)
{
	const long wanted[PARTS] = {major, minor, patch};

	return compare(met, wanted) >= 0;
}

static void
meet(const char *version)
{
	long there[PARTS];

	if (!read_version(version, there) && !read_version(PGTOKEN_VERSION, there))
		return;
	if (compare(met, there) == 0)
		return;
	memcpy(met, there, sizeof(met));
	catalogue_changes++;
}

void
catalogue_check(void)
{
	char *version;
	CatalogueFit fit;

	/* a script goes from version to version, with this library all the way */
	if (creating_extension)
		return;
	version = catalogue_version();
	if (version == NULL)
		return;
	fit = catalogue_fit(version);
	if (fit == CATALOGUE_TOO_OLD)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the extension pgtoken is too old for this library"),
			 errdetail("The library is %s and works with " CATALOGUE_OLDEST
					   " and newer; the extension in this database is %s.",
					   PGTOKEN_VERSION, version),
			 errhint("ALTER EXTENSION pgtoken UPDATE, of a standby on its primary; or install a "
					 "library in between first.")));
	if (fit == CATALOGUE_TOO_NEW)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("this library is too old for the extension pgtoken"),
			 errdetail("The library is %s; the extension in this database is %s.", PGTOKEN_VERSION,
					   version),
			 errhint("Connect anew: this session may have begun before the library was replaced. "
					 "Where pgtoken is in shared_preload_libraries, restart the server. If that "
					 "does not help, install the library of that version here.")));
	meet(version);
	pfree(version);
}
