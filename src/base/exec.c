/*
 * exec.c
 *		Row operations: what a hot statement of the store does to one row, without
 *		the executor's plan.
 *
 * A row is updated where it was read, by its tid.  No vacuum may have given that
 * place to another row meanwhile: a snapshot has to be held from the one to the
 * other, whose xmin is what says so.
 */
#include "base/exec.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/proc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/kept.h"

struct StoreFound
{
	Oid table;
	uint64 changes;
	TransactionId horizon;
	HeapTuple tuple;
	Datum *values;
	bool *nulls;
};

ExecStats exec_stats;

static void
open_indexes(Kept *kept)
{
	ResultRelInfo *result = kept->result;

	for (int i = 0; i < kept->n_indexes; i++)
		result->ri_IndexRelationDescs[i] = index_open(kept->indexes[i], RowExclusiveLock);
}

static void
close_indexes(Kept *kept)
{
	for (int i = 0; i < kept->n_indexes; i++)
		index_close(kept->result->ri_IndexRelationDescs[i], NoLock);
}

/* the row to be written: what was found, and over it the arguments */
static void
fill(Kept *kept, const StoreArgs *args, const StoreFound *found)
{
	TupleTableSlot *slot = kept->slot;
	int n = kept->desc->natts;

	ExecClearTuple(slot);
	if (found)
	{
		memcpy(slot->tts_values, found->values, sizeof(Datum) * n);
		memcpy(slot->tts_isnull, found->nulls, sizeof(bool) * n);
	}
	else
	{
		memset(slot->tts_values, 0, sizeof(Datum) * n);
		memset(slot->tts_isnull, true, sizeof(bool) * n);
	}
	for (int i = 0; kept->has_dropped && i < n; i++)
		slot->tts_isnull[i] |= TupleDescAttr(kept->desc, i)->attisdropped;
	for (int i = 0; i < args->n; i++)
	{
		int column = kept->columns[i];

		if (column < 0)
			continue;
		slot->tts_values[column] = args->value[i];
		slot->tts_isnull[column] = args->null[i] == 'n';
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = kept->target;
}

/* a statement's snapshot is there for what it calls; the write itself asks for none */
static void
begin_writing(Kept *kept, const StoreArgs *args, const StoreFound *found)
{
	EState *estate = kept->estate;

	if (kept->calls)
		PushActiveSnapshot(GetTransactionSnapshot());
	estate->es_snapshot = GetActiveSnapshot();
	estate->es_output_cid = GetCurrentCommandId(true);
	kept->result->ri_RelationDesc = kept->target_rel;
	fill(kept, args, found);
	if (RelationGetDescr(kept->target_rel)->constr)
		ExecConstraints(kept->result, kept->slot, estate);
}

static void
finish_writing(Kept *kept)
{
	EState *estate = kept->estate;

	estate->es_snapshot = InvalidSnapshot;
	ExecClearTuple(kept->slot);
	ExecClearTuple(kept->result->ri_TrigOldSlot);
	ExecClearTuple(kept->result->ri_TrigNewSlot);
	ResetPerTupleExprContext(estate);
	if (kept->calls)
		PopActiveSnapshot();
	kept_close(kept);
	CommandCounterIncrement();
}

bool
exec_insert(StoreQuery *query, const StoreArgs *args)
{
	Kept *kept = kept_open(query, args);
	EState *estate;
	List *recheck = NIL;

	if (kept == NULL)
	{
		exec_stats.left++;
		return false;
	}
	estate = kept->estate;
	begin_writing(kept, args, NULL);
	open_indexes(kept);
	table_tuple_insert(kept->target_rel, kept->slot, estate->es_output_cid, 0, NULL);
	if (kept->n_indexes > 0)
		recheck = compat_index_new(kept->result, kept->slot, estate);
	close_indexes(kept);
	if (kept->fires)
	{
		AfterTriggerBeginQuery();
		ExecARInsertTriggers(estate, kept->result, kept->slot, recheck, NULL);
		AfterTriggerEndQuery(estate);
	}
	finish_writing(kept);
	exec_stats.done++;
	return true;
}

/* is it the version that was found?  Whoever has changed it since is waited for. */
static bool
update(Kept *kept, const StoreFound *found)
{
	EState *estate = kept->estate;
	ItemPointerData tid = found->tuple->t_self;
	List *recheck = NIL;
	TM_FailureData failure;
	LockTupleMode lock;
	PgtConcerned concerned;

	if (compat_update_row(kept->target_rel, &tid, kept->slot, estate->es_output_cid,
						  estate->es_snapshot, &failure, &lock, &concerned) != TM_Ok)
		return false;
	if (kept->n_indexes > 0 && compat_concerns_indexes(concerned))
	{
		open_indexes(kept);
		recheck = compat_index_changed(kept->result, kept->slot, estate, concerned);
		close_indexes(kept);
	}
	if (kept->fires)
	{
		AfterTriggerBeginQuery();
		ExecARUpdateTriggers(estate, kept->result, NULL, NULL, &tid, NULL, kept->slot, recheck,
							 NULL, false);
		AfterTriggerEndQuery(estate);
	}
	return true;
}

bool
exec_update(StoreQuery *query, const StoreArgs *args, const StoreFound *found)
{
	Kept *kept = NULL;
	bool updated = false;

	if (found && found->horizon == MyProc->xmin)
		kept = kept_open(query, args);
	/* the descriptor that it was read by is this one, but for what has changed since */
	if (kept && (found->changes != kept_changes() || found->table != kept->table))
	{
		kept_close(kept);
		kept = NULL;
	}
	if (kept)
	{
		begin_writing(kept, args, found);
		updated = update(kept, found);
		finish_writing(kept);
	}
	if (updated)
		exec_stats.done++;
	else
		exec_stats.left++;
	return updated;
}

/* in the caller's memory context */
static StoreFound *
remember(const Kept *kept)
{
	StoreFound *found = palloc(sizeof(StoreFound));
	int n = kept->desc->natts;

	found->table = kept->table;
	found->changes = kept_changes();
	found->horizon = MyProc->xmin;
	found->tuple = ExecCopySlotHeapTuple(kept->slot);
	found->values = palloc(sizeof(Datum) * n);
	found->nulls = palloc(sizeof(bool) * n);
	heap_deform_tuple(found->tuple, kept->desc, found->values, found->nulls);
	return found;
}

static void
read_row(const Kept *kept, const StoreFound *found, void *row)
{
	StoreRow read = {found->values, found->nulls, kept->n_columns, 0, NULL, 0, found};

	if (!kept->in_order)
	{
		Datum *values = palloc(sizeof(Datum) * kept->n_columns);
		bool *nulls = palloc(sizeof(bool) * kept->n_columns);

		for (int i = 0; i < kept->n_columns; i++)
		{
			values[i] = found->values[kept->columns[i]];
			nulls[i] = found->nulls[kept->columns[i]];
		}
		read.values = values;
		read.nulls = nulls;
	}
	kept->query->row_reader(&read, row);
}

bool
exec_read(StoreQuery *query, const StoreArgs *args, void *row, bool *found)
{
	Kept *kept = kept_open(query, args);
	StoreFound *place = NULL;
	Relation index;
	IndexScanDesc scan;

	if (kept == NULL)
	{
		exec_stats.left++;
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	index = index_open(kept->indexes[0], AccessShareLock);
	kept->key.sk_argument = args->value[0];
	scan = compat_index_beginscan(kept->target_rel, index, GetActiveSnapshot(), 1);
	index_rescan(scan, &kept->key, 1, NULL, 0);
	if (args->null[0] != 'n' && index_getnext_slot(scan, ForwardScanDirection, kept->slot))
		place = remember(kept);
	ExecClearTuple(kept->slot);
	index_endscan(scan);
	index_close(index, NoLock);
	/* while there is a snapshot: what is out of line is read */
	if (place)
		read_row(kept, place, row);
	PopActiveSnapshot();
	kept_close(kept);
	*found = place != NULL;
	exec_stats.done++;
	return true;
}
