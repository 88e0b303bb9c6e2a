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
#define PGT_MODULE_MAGIC(module) PG_MODULE_MAGIC_EXT(.name = module, .version = PGTOKEN_VERSION)
#else
#define PGT_MODULE_MAGIC(module) PG_MODULE_MAGIC
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

/*
 * Does a commit wait for a standby?  By what the waiting itself goes by; the caller includes
 * replication/walsender_private.h.  Minor versions of 2025 have made the flag one of several.
 */
#include "replication/walsender_private.h"
#ifdef SYNC_STANDBY_DEFINED
#define compat_waits_for_standby() \
	((((volatile WalSndCtlData *) WalSndCtl)->sync_standbys_status & SYNC_STANDBY_DEFINED) != 0)
#else
#define compat_waits_for_standby() (((volatile WalSndCtlData *) WalSndCtl)->sync_standbys_defined)
#endif

/* names of locks, known to the backend or to all; the caller includes storage/lwlock.h */
#if PG_VERSION_NUM >= 190000
#define compat_new_tranche(name) LWLockNewTrancheId(name)
#define compat_register_tranche(id, name) ((void) (id), (void) (name))
#else
#define compat_new_tranche(name) LWLockNewTrancheId()
#define compat_register_tranche(id, name) LWLockRegisterTranche(id, name)
#endif

/*
 * Rows without a plan; the caller includes access/genam.h, access/tableam.h,
 * executor/executor.h, nodes/parsenodes.h and parser/parse_relation.h.  Which indexes an
 * UPDATE concerns is a PgtConcerned; one that stayed on its page concerns none, or from 16 on
 * those that only summarize.
 */
#if PG_VERSION_NUM >= 160000
#define PgtConcerned TU_UpdateIndexes
#define compat_concerns_indexes(concerned) ((concerned) != TU_None)
#else
#define PgtConcerned bool
#define compat_concerns_indexes(concerned) (concerned)
#endif

/* waits for whoever is changing the row */
#if PG_VERSION_NUM >= 190000
#define compat_update_row(rel, tid, slot, cid, snapshot, failure, lock, concerned)             \
	table_tuple_update(rel, tid, slot, cid, 0, snapshot, InvalidSnapshot, true, failure, lock, \
					   concerned)
#else
#define compat_update_row(rel, tid, slot, cid, snapshot, failure, lock, concerned)          \
	table_tuple_update(rel, tid, slot, cid, snapshot, InvalidSnapshot, true, failure, lock, \
					   concerned)
#endif

/* entries of a new row, of a new version of a row; either gives the list for the triggers */
#if PG_VERSION_NUM >= 190000
#define compat_index_new(target, slot, estate) \
	ExecInsertIndexTuples(target, estate, 0, slot, NIL, NULL)
#define compat_index_changed(target, slot, estate, concerned)                              \
	ExecInsertIndexTuples(target, estate,                                                  \
						  EIIT_IS_UPDATE |                                                 \
							  ((concerned) == TU_Summarizing ? EIIT_ONLY_SUMMARIZING : 0), \
						  slot, NIL, NULL)
#elif PG_VERSION_NUM >= 160000
#define compat_index_new(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL, false)
#define compat_index_changed(target, slot, estate, concerned)           \
	ExecInsertIndexTuples(target, slot, estate, true, false, NULL, NIL, \
						  (concerned) == TU_Summarizing)
#else
#define compat_index_new(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL)
#define compat_index_changed(target, slot, estate, concerned) \
	ExecInsertIndexTuples(target, slot, estate, true, false, NULL, NIL)
#endif

/* of no list and no resource owner, where the descriptor is not counted */
#if PG_VERSION_NUM >= 190000
#define compat_make_slot(desc, ops) MakeTupleTableSlot(desc, ops, 0)
#else
#define compat_make_slot(desc, ops) MakeTupleTableSlot(desc, ops)
#endif

#if PG_VERSION_NUM >= 190000
#define compat_index_beginscan(table, index, snapshot, keys) \
	index_beginscan(table, index, snapshot, NULL, keys, 0, SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define compat_index_beginscan(table, index, snapshot, keys) \
	index_beginscan(table, index, snapshot, NULL, keys, 0)
#else
#define compat_index_beginscan(table, index, snapshot, keys) \
	index_beginscan(table, index, snapshot, keys, 0)
#endif

/* the range table of an EState, of one RangeTblEntry, and the columns that are written by name */
#if PG_VERSION_NUM >= 160000
#define compat_range_table(estate, entry, columns)                         \
	do                                                                     \
	{                                                                      \
		List *perminfos_ = NIL;                                            \
		addRTEPermissionInfo(&perminfos_, entry)->updatedCols = (columns); \
		compat_init_range_table(estate, list_make1(entry), perminfos_);    \
	} while (0)
#if PG_VERSION_NUM >= 180000
#define compat_init_range_table(estate, table, perminfos) \
	ExecInitRangeTable(estate, table, perminfos, bms_make_singleton(1))
#else
#define compat_init_range_table(estate, table, perminfos) \
	ExecInitRangeTable(estate, table, perminfos)
#endif
#else
#define compat_range_table(estate, entry, columns) \
	((entry)->updatedCols = (columns), ExecInitRangeTable(estate, list_make1(entry)))
#endif

/* TupleConstr of a table */
#if PG_VERSION_NUM >= 180000
#define compat_has_generated(constr) \
	((constr)->has_generated_stored || (constr)->has_generated_virtual)
#else
#define compat_has_generated(constr) ((constr)->has_generated_stored)
#endif

/* the current role's privileges; the caller includes catalog/pg_{namespace,proc}.h, miscadmin.h and utils/acl.h */
#if PG_VERSION_NUM >= 160000
#define compat_may_use_schema(oid) \
	(object_aclcheck(NamespaceRelationId, oid, GetUserId(), ACL_USAGE) == ACLCHECK_OK)
#define compat_may_execute(oid) \
	(object_aclcheck(ProcedureRelationId, oid, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#else
#define compat_may_use_schema(oid) \
	(pg_namespace_aclcheck(oid, GetUserId(), ACL_USAGE) == ACLCHECK_OK)
#define compat_may_execute(oid) (pg_proc_aclcheck(oid, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* a set of events that lives as long as the process; the caller includes storage/latch.h */
#if PG_VERSION_NUM >= 170000
#define compat_wait_event_set(n) CreateWaitEventSet(NULL, n)
#else
#define compat_wait_event_set(n) CreateWaitEventSet(TopMemoryContext, n)
#endif

/* in a signal handler that does not look at its arguments */
#if PG_VERSION_NUM >= 190000
#define compat_signal_unused() ((void) postgres_signal_arg, (void) pg_siginfo)
#else
#define compat_signal_unused() ((void) postgres_signal_arg)
#endif

/* a replication connection to a database, on which SQL runs; the caller includes replication/walreceiver.h */
#if PG_VERSION_NUM >= 170000
#define compat_walrcv_connect(conninfo, name, problem) \
	walrcv_connect(conninfo, true, true, false, name, problem)
#elif PG_VERSION_NUM >= 160000
#define compat_walrcv_connect(conninfo, name, problem) \
	walrcv_connect(conninfo, true, false, name, problem)
#else
#define compat_walrcv_connect(conninfo, name, problem) walrcv_connect(conninfo, true, name, problem)
#endif

#endif /* PGT_COMPAT_H */
