/*
 * kept.h
 *		What row operations (exec.h) keep of their tables, a backend long.
 *
 * Of each entry of the store one Kept, whose table is looked up at first and when
 * it, a function or a role has changed.  It is open from kept_open() to kept_close();
 * an error in between throws away what was kept, at its abort.
 */
#ifndef PGT_KEPT_H
#define PGT_KEPT_H

#include "base/compat.h"

#include "access/skey.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "base/store.h"

/* of an entry; what points somewhere points into the context, relations but while it runs */
typedef struct Kept
{
	const StoreQuery *query;
	MemoryContext context;
	int level; /* of transactions, in which it runs; 0: it does not */
	bool stale; /* to be looked up again, as at first */
	uint64 catalogue; /* catalogue_changes, when it was looked up */
	bool suits; /* the table does, by what it is */
	Oid owner;
	Oid table;
	int n_args; /* of the entry */
	int route_arg; /* which of them decides the partition; -1: none */
	Oid target; /* the table, or the partition that rows went to last; InvalidOid: not looked up */
	bool target_suits;
	TupleDesc desc; /* of the target */
	bool has_dropped; /* columns that are no more */
	int *columns; /* of each argument, or of each that the reader takes; from 0, -1: none */
	int n_columns;
	bool in_order; /* the reader takes all, as they stand in the table */
	bool fires; /* triggers after the row */
	bool calls; /* these, or functions of constraints */
	Oid *indexes;
	int n_indexes;
	ScanKeyData key;
	EState *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
	Relation table_rel;
	Relation target_rel;
	struct Kept *next;
} Kept;

extern void kept_init(void);

/*
 * Ready for one operation, its relations locked to the end of the transaction.  NULL:
 * the statement has to do it, because the table, the moment or the role ask for more, or
 * because it runs already.
 */
extern Kept *kept_open(StoreQuery *query, const StoreArgs *args);
extern void kept_close(Kept *kept);

/* another number: a table of which something is kept has changed */
extern uint64 kept_changes(void);

extern Size kept_size(void);

#endif /* PGT_KEPT_H */
