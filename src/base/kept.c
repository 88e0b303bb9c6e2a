/*
 * kept.c
 *		What row operations keep of their tables, a backend long.
 *
 * It lives in a memory context of its entry, with copies of row descriptors: one
 * that is counted would belong to a transaction.  Relations are opened anew by each
 * operation, which is how invalidations come in; whatever has changed makes
 * everything of the entry be looked up again.  An operation that an error ends
 * leaves slots behind whose pins are gone, so that its abort throws away what was
 * kept.
 */
#include "base/kept.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_relation.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/catalogue.h"

/* so often one operation looks up a table that changes under it; then the SQL may do it */
#define TRIES_MAX 3

static Kept *all_kept = NULL;
static uint64 changes = 0;

/* --- what makes it stale ---------------------------------------------------------- */

static bool
concerns(const Kept *kept, Oid relid)
{
	if (!OidIsValid(relid) || relid == kept->table || relid == kept->target)
		return true;
	for (int i = 0; i < kept->n_indexes; i++)
	{
		if (relid == kept->indexes[i])
			return true;
	}
	return false;
}

static void
on_relcache_invalidation(Datum arg, Oid relid)
{
	(void) arg;
	for (Kept *kept = all_kept; kept; kept = kept->next)
	{
		if (concerns(kept, relid))
		{
			kept->stale = true;
			changes++;
		}
	}
}

/* functions, operators and types that conditions and triggers name; roles that may do something */
static void
on_syscache_invalidation(Datum arg, int cache, uint32 hash)
{
	(void) arg;
	(void) cache;
	(void) hash;
	for (Kept *kept = all_kept; kept; kept = kept->next)
		kept->stale = true;
}

/* it has not come to its end: its relations are closed, its slots' pins given back by now */
static void
abandon(int level)
{
	for (Kept *kept = all_kept; kept; kept = kept->next)
	{
		if (kept->level >= level)
		{
			kept->level = 0;
			kept->table_rel = kept->target_rel = NULL;
			kept->stale = true;
		}
	}
}

static void
on_xact_event(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		abandon(1);
}

static void
on_subxact_event(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	(void) subid;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		abandon(GetCurrentTransactionNestLevel());
}

void
kept_init(void)
{
	static const int caches[] = {PROCOID, OPEROID, TYPEOID, AUTHOID, AUTHMEMROLEMEM};

	CacheRegisterRelcacheCallback(on_relcache_invalidation, (Datum) 0);
	for (size_t i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], on_syscache_invalidation, (Datum) 0);
	RegisterXactCallback(on_xact_event, NULL);
	RegisterSubXactCallback(on_subxact_event, NULL);
}

uint64
kept_changes(void)
{
	return changes;
}

Size
kept_size(void)
{
	Size size = 0;

	for (const Kept *kept = all_kept; kept; kept = kept->next)
		size += sizeof(Kept) + MemoryContextMemAllocated(kept->context, true);
	return size;
}

/* --- what a table has to be --------------------------------------------------------- */

static LOCKMODE
lock_of(const Kept *kept)
{
	return kept->query->row.kind == ROW_READ ? AccessShareLock : RowExclusiveLock;
}

/* triggers that are of the statement, or that stand before the row */
static bool
has_other_triggers(const TriggerDesc *triggers, RowKind kind)
{
	if (triggers == NULL || kind == ROW_READ)
		return false;
	if (kind == ROW_INSERT)
		return triggers->trig_insert_before_row || triggers->trig_insert_instead_row ||
			   triggers->trig_insert_before_statement || triggers->trig_insert_after_statement ||
			   triggers->trig_insert_new_table;
	return triggers->trig_update_before_row || triggers->trig_update_instead_row ||
		   triggers->trig_update_before_statement || triggers->trig_update_after_statement ||
		   triggers->trig_update_old_table || triggers->trig_update_new_table;
}

/* only the default of a column would be missing: the others are NULL */
static bool
has_other_defaults(Relation table, const StoreArgs *args)
{
	TupleDesc desc = RelationGetDescr(table);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		bool named = false;

		if (attribute->attisdropped || (!attribute->atthasdef && attribute->attidentity == '\0'))
			continue;
		for (int j = 0; j < args->n; j++)
			named |= args->name[j] && strcmp(args->name[j], NameStr(attribute->attname)) == 0;
		if (!named)
			return true;
	}
	return false;
}

static bool
is_routable(Relation table, const char *route)
{
	PartitionKey key = RelationGetPartitionKey(table);

	return key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 && route &&
		   key->partattrs[0] == get_attnum(RelationGetRelid(table), route);
}

/* what the statement names, and who may do it */
static bool
table_suits(const Kept *kept, Relation table, const StoreArgs *args)
{
	static const AclMode rights[] = {
		[ROW_READ] = ACL_SELECT, [ROW_UPDATE] = ACL_UPDATE | ACL_SELECT, [ROW_INSERT] = ACL_INSERT};
	const RowOperation *row = &kept->query->row;
	Form_pg_class form = table->rd_rel;

	if (form->relowner != GetUserId() || table->rd_rules || form->relispartition ||
		(form->relrowsecurity && form->relforcerowsecurity) ||
		has_other_triggers(table->trigdesc, row->kind))
		return false;
	for (AclMode right = 1; right <= rights[row->kind]; right <<= 1)
	{
		if ((rights[row->kind] & right) &&
			pg_class_aclcheck(RelationGetRelid(table), GetUserId(), right) != ACLCHECK_OK)
			return false;
	}
	if (row->kind == ROW_INSERT && has_other_defaults(table, args))
		return false;
	if (form->relkind == RELKIND_PARTITIONED_TABLE)
		return row->kind == ROW_INSERT && kept->route_arg >= 0 && is_routable(table, row->route);
	return form->relkind == RELKIND_RELATION && !form->relhassubclass;
}

/* whether rows go there, or come from there, in the plain way */
static bool
is_plain(const Kept *kept, Relation target)
{
	const RowOperation *row = &kept->query->row;
	const TupleConstr *constr = RelationGetDescr(target)->constr;
	const TriggerDesc *triggers = target->trigdesc;

	if (target->rd_rel->relkind != RELKIND_RELATION || target->rd_rel->relam != HEAP_TABLE_AM_OID)
		return false;
	if (constr && compat_has_generated(constr))
		return false;
	/* a partition's triggers of the statement are for those that name it */
	return RelationGetRelid(target) == kept->table || triggers == NULL || row->kind != ROW_INSERT ||
		   !triggers->trig_insert_before_row;
}

/* --- what is kept of it ------------------------------------------------------------- */

static bool
find_columns(Kept *kept, const StoreArgs *args)
{
	const char *names[STORE_COLUMNS_MAX];
	bool reads = kept->query->row.kind == ROW_READ;
	int n = reads ? store_columns(kept->query, names) : args->n;

	kept->columns = palloc(sizeof(int) * n);
	kept->n_columns = n;
	kept->in_order = n == kept->desc->natts;
	for (int i = 0; i < n; i++)
	{
		const char *name = reads ? names[i] : args->name[i];
		AttrNumber column = name ? get_attnum(kept->target, name) : InvalidAttrNumber;
		Form_pg_attribute attribute;

		kept->columns[i] = column - 1;
		kept->in_order = kept->in_order && column == i + 1;
		if (name == NULL)
		{
			kept->columns[i] = -1;
			continue;
		}
		if (column <= 0)
			return false;
		attribute = TupleDescAttr(kept->desc, column - 1);
		if (!reads && (attribute->atttypid != args->type[i] || attribute->atttypmod >= 0))
			return false;
	}
	return true;
}

/* a unique index that finds the row by the argument's value alone */
static bool
is_key(const Kept *kept, Relation index, AttrNumber column, Oid type)
{
	Form_pg_index form = index->rd_index;

	return form->indisunique && form->indisvalid && form->indimmediate && !form->indcheckxmin &&
		   form->indnkeyatts == 1 && form->indkey.values[0] == column &&
		   index->rd_rel->relam == BTREE_AM_OID && index->rd_opcintype[0] == type &&
		   RelationGetIndexPredicate(index) == NIL &&
		   TupleDescAttr(kept->desc, column - 1)->atttypid == type;
}

static bool
find_key(Kept *kept, Relation target, const StoreArgs *args)
{
	AttrNumber column = get_attnum(kept->target, kept->query->row.route);
	ListCell *cell;
	bool found = false;

	if (column <= 0 || args->n != 1)
		return false;
	foreach (cell, RelationGetIndexList(target))
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (!found && is_key(kept, index, column, args->type[0]))
		{
			Oid equals = get_opfamily_member(index->rd_opfamily[0], args->type[0], args->type[0],
											 BTEqualStrategyNumber);

			kept->indexes = palloc(sizeof(Oid));
			kept->indexes[0] = RelationGetRelid(index);
			kept->n_indexes = 1;
			ScanKeyEntryInitialize(&kept->key, 0, 1, BTEqualStrategyNumber, InvalidOid,
								   index->rd_indcollation[0], get_opcode(equals), (Datum) 0);
			found = true;
		}
		index_close(index, NoLock);
	}
	kept->slot = compat_make_slot(kept->desc, &TTSOpsBufferHeapTuple);
	return found;
}

static void
find_indexes(Kept *kept)
{
	ResultRelInfo *result = kept->result;

	ExecOpenIndices(result, false);
	kept->indexes = palloc(sizeof(Oid) * Max(result->ri_NumIndices, 1));
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		kept->indexes[i] = RelationGetRelid(result->ri_IndexRelationDescs[i]);
		/* what other access methods keep for a statement would have to be given back with it */
		if (result->ri_IndexRelationDescs[i]->rd_rel->relam != BTREE_AM_OID)
			kept->target_suits = false;
	}
	kept->n_indexes = result->ri_NumIndices;
	for (int i = 0; i < kept->n_indexes; i++)
		index_close(result->ri_IndexRelationDescs[i], NoLock);
}

static Bitmapset *
updated_columns(const Kept *kept)
{
	Bitmapset *columns = NULL;

	for (int i = 0; i < kept->n_columns; i++)
	{
		if (kept->columns[i] >= 0)
			columns =
				bms_add_member(columns, kept->columns[i] + 1 - FirstLowInvalidHeapAttributeNumber);
	}
	return columns;
}

/* is there a trigger after the row that could ask for these columns? */
static bool
fires(const Kept *kept, const Bitmapset *updated)
{
	const TriggerDesc *triggers = kept->result->ri_TrigDesc;

	if (triggers == NULL)
		return false;
	if (kept->query->row.kind == ROW_INSERT)
		return triggers->trig_insert_after_row;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		bool names_one = trigger->tgnattr == 0;

		for (int j = 0; j < trigger->tgnattr; j++)
			names_one |=
				bms_is_member(trigger->tgattr[j] - FirstLowInvalidHeapAttributeNumber, updated);
		if (names_one && TRIGGER_FOR_UPDATE(trigger->tgtype) && TRIGGER_FOR_ROW(trigger->tgtype) &&
			TRIGGER_FOR_AFTER(trigger->tgtype))
			return true;
	}
	return false;
}

/* what a call keeps for the next lives as long as they do: looked up when it fires, it would not */
static void
find_functions(Kept *kept)
{
	const TriggerDesc *triggers = kept->result->ri_TrigDesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		fmgr_info_cxt(triggers->triggers[i].tgfoid, &kept->result->ri_TrigFunctions[i],
					  kept->context);
}

/* as the server's own replication prepares a table (create_edata_for_relation) */
static void
find_result(Kept *kept, Relation target)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	Bitmapset *updated = updated_columns(kept);

	kept->estate = CreateExecutorState();
	entry->rtekind = RTE_RELATION;
	entry->relid = kept->target;
	entry->relkind = RELKIND_RELATION;
	entry->rellockmode = RowExclusiveLock;
	/* without them no trigger of a column would fire */
	compat_range_table(kept->estate, entry, kept->query->row.kind == ROW_UPDATE ? updated : NULL);
	kept->result = makeNode(ResultRelInfo);
	InitResultRelInfo(kept->result, target, 1, NULL, 0);
	find_functions(kept);
	kept->estate->es_opened_result_relations = list_make1(kept->result);
	kept->result->ri_TrigOldSlot = compat_make_slot(kept->desc, &TTSOpsBufferHeapTuple);
	kept->result->ri_TrigNewSlot = compat_make_slot(kept->desc, &TTSOpsBufferHeapTuple);
	kept->slot = compat_make_slot(kept->desc, &TTSOpsVirtual);
	kept->fires = fires(kept, updated);
	kept->calls = kept->fires || (kept->desc->constr && kept->desc->constr->num_check > 0);
	find_indexes(kept);
	if (kept->query->row.kind == ROW_UPDATE)
		CheckCmdReplicaIdentity(target, CMD_UPDATE);
}

/* what is looked up belongs to a target; it is kept even where that does not suit, so as not to ask again */
static void
find_target(Kept *kept, Relation target, const StoreArgs *args)
{
	MemoryContext caller;

	MemoryContextReset(kept->context);
	caller = MemoryContextSwitchTo(kept->context);
	kept->n_indexes = 0;
	kept->target = RelationGetRelid(target);
	kept->has_dropped = false;
	/* with its constraints, among them what columns that came later have in older rows */
	kept->desc = CreateTupleDescCopyConstr(RelationGetDescr(target));
	for (int i = 0; i < kept->desc->natts; i++)
		kept->has_dropped |= TupleDescAttr(kept->desc, i)->attisdropped;
	kept->target_suits = is_plain(kept, target) && find_columns(kept, args);
	if (kept->target_suits && kept->query->row.kind == ROW_READ)
		kept->target_suits = find_key(kept, target, args);
	else if (kept->target_suits)
		find_result(kept, target);
	MemoryContextSwitchTo(caller);
}

static void
find_table(Kept *kept, const StoreArgs *args)
{
	const RowOperation *row = &kept->query->row;
	Relation table;

	kept->suits = false;
	kept->target = InvalidOid;
	kept->table = get_relname_relid(row->table, get_namespace_oid("pgtoken", true));
	if (!OidIsValid(kept->table))
		return;
	kept->catalogue = catalogue_changes;
	kept->stale = false; /* before it is looked at: what changes from now on makes it so again */
	table = table_open(kept->table, lock_of(kept));
	kept->owner = GetUserId();
	kept->n_args = args->n;
	kept->route_arg = -1;
	for (int i = 0; row->kind == ROW_INSERT && i < args->n; i++)
	{
		if (args->name[i] && row->route && strcmp(args->name[i], row->route) == 0)
			kept->route_arg = i;
	}
	kept->suits = table_suits(kept, table, args);
	table_close(table, NoLock);
}

/* --- opening it -------------------------------------------------------------------- */

static Kept *
kept_of(StoreQuery *query)
{
	Kept *kept = query->kept;

	if (kept)
		return kept;
	kept = MemoryContextAllocZero(TopMemoryContext, sizeof(Kept));
	kept->query = query;
	kept->stale = true;
	kept->context =
		AllocSetContextCreate(TopMemoryContext, "pgtoken row operation", ALLOCSET_SMALL_SIZES);
	kept->next = all_kept;
	all_kept = kept;
	query->kept = kept;
	return kept;
}

/* a leaf, as ExecFindPartition() finds it; InvalidOid: there is none, or it is divided again */
static Oid
partition_for(Relation table, const StoreArgs *args, int route)
{
	PartitionKey key = RelationGetPartitionKey(table);
	PartitionDesc partitions = RelationGetPartitionDesc(table, true);
	Datum value = args->value[route];
	bool equal;
	int n = -1;

	if (partitions->nparts == 0 || args->null[route] == 'n')
		return InvalidOid;
	n = partitions->boundinfo
			->indexes[partition_range_datum_bsearch(key->partsupfunc, key->partcollation,
													partitions->boundinfo, 1, &value, &equal) +
					  1];
	if (n < 0)
		n = partitions->boundinfo->default_index;
	return n >= 0 && partitions->is_leaf[n] ? partitions->oids[n] : InvalidOid;
}

void
kept_close(Kept *kept)
{
	if (kept->target_rel && kept->target_rel != kept->table_rel)
		table_close(kept->target_rel, NoLock);
	if (kept->table_rel)
		table_close(kept->table_rel, NoLock);
	kept->target_rel = kept->table_rel = NULL;
	kept->level = 0;
}

static bool
open_relations(Kept *kept, const StoreArgs *args)
{
	Oid target = kept->table;

	kept->table_rel = table_open(kept->table, lock_of(kept));
	kept->target_rel = kept->table_rel;
	if (kept->table_rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		target = partition_for(kept->table_rel, args, kept->route_arg);
		if (!OidIsValid(target))
			return false;
		kept->target_rel = table_open(target, lock_of(kept));
	}
	if (kept->stale)
		return true;
	if (kept->target != target)
		find_target(kept, kept->target_rel, args);
	return kept->target_suits;
}

/* may one be tried at this moment, whatever the table? */
static bool
is_time(const StoreQuery *query)
{
	return ActiveSnapshotSet() && !IsInParallelMode() && ExecutorCheckPerms_hook == NULL &&
		   (query->row.kind == ROW_READ || !XactReadOnly);
}

/* known, and its relations open; false: it does not suit, or it has changed meanwhile */
static bool
open_kept(Kept *kept, const StoreArgs *args)
{
	if (kept->stale || kept->catalogue != catalogue_changes)
		find_table(kept, args);
	if (!kept->suits || kept->owner != GetUserId())
		return false;
	if (kept->n_args != args->n)
		elog(ERROR, "\"%s\" has got other parameters than at first", kept->query->name);
	return open_relations(kept, args) && !kept->stale;
}

Kept *
kept_open(StoreQuery *query, const StoreArgs *args)
{
	Kept *kept = kept_of(query);

	/* it runs already: a trigger of the table has come back to us */
	if (!is_time(query) || kept->level > 0)
		return NULL;
	for (int tries = 0; tries < TRIES_MAX && (tries == 0 || kept->stale); tries++)
	{
		kept->level = GetCurrentTransactionNestLevel();
		if (open_kept(kept, args))
		{
			CommandCounterIncrement(); /* as SPI before a statement */
			return kept;
		}
		kept_close(kept);
	}
	return NULL;
}
