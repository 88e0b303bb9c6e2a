/*
 * compat.h
 *		What differs between PostgreSQL majors.  The only file that asks for
 *		PG_VERSION_NUM.
 */
#ifndef PGT_COMPAT_H
#define PGT_COMPAT_H

#include "postgres.h"

#include "utils/jsonb.h"

#if PG_VERSION_NUM < 150000
#error "pgtoken needs PostgreSQL 15 or newer"
#endif

/* varlena macros moved out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* the module can name itself and its version */
#if PG_VERSION_NUM >= 180000
#define PGT_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "pgtoken", .version = PGTOKEN_VERSION)
#else
#define PGT_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* struct config_generic **variables, int n; the caller includes utils/guc_tables.h and miscadmin.h */
#if PG_VERSION_NUM >= 160000
#define compat_get_guc_variables(variables, n) (*(variables) = get_guc_variables(n))
#else
#define compat_get_guc_variables(variables, n) \
	(*(variables) = get_guc_variables(), *(n) = GetNumConfigOptions())
#endif

/* a list of names, for LookupFuncName; the caller includes utils/regproc.h */
#if PG_VERSION_NUM >= 160000
#define compat_qualified_name_list(name) stringToQualifiedNameList(name, NULL)
#else
#define compat_qualified_name_list(name) stringToQualifiedNameList(name)
#endif

/*
 * A jsonb that is built piece by piece, from a state of zeros.  Its value is the
 * result of the last call.
 */
#if PG_VERSION_NUM >= 190000
typedef JsonbInState PgtJsonbState;
#else
typedef JsonbParseState *PgtJsonbState;
#endif

static inline JsonbValue *
compat_jsonb_push(PgtJsonbState *state, JsonbIteratorToken token, JsonbValue *value)
{
#if PG_VERSION_NUM >= 190000
	pushJsonbValue(state, token, value);
	return state->result;
#else
	return pushJsonbValue(state, token, value);
#endif
}

/* a segment of shared memory that the first who wants it makes */
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#define PGT_SEGMENT_AT_NEED 1
#else
#define PGT_SEGMENT_AT_NEED 0
#endif
#if PG_VERSION_NUM >= 190000
#define PGT_SEGMENT_INIT_ARGS void *ptr, void *arg pg_attribute_unused()
#define compat_named_segment(name, size, init, found) \
	GetNamedDSMSegment(name, size, init, found, NULL)
#else
#define PGT_SEGMENT_INIT_ARGS void *ptr
#define compat_named_segment(name, size, init, found) GetNamedDSMSegment(name, size, init, found)
#endif

/* names of locks, known to the backend or to all; the caller includes storage/lwlock.h */
#if PG_VERSION_NUM >= 190000
#define compat_new_tranche(name) LWLockNewTrancheId(name)
#define compat_register_tranche(id, name) ((void) (id), (void) (name))
#else
#define compat_new_tranche(name) LWLockNewTrancheId()
#define compat_register_tranche(id, name) LWLockRegisterTranche(id, name)
#endif

#endif /* PGT_COMPAT_H */
