/*
 * exec.h
 *		Row operations: what a hot statement of the store does to one row, without
 *		the executor's plan.
 *
 * An entry of the store that carries one (RowOperation in store.h) is done with
 * what the server's own replication uses to apply a row: the same heap and index
 * access, the same constraints and AFTER triggers, the same locks to the end of the
 * transaction.  What that takes of the table is looked up once a backend and kept
 * until its relcache entry changes.
 *
 * Each answers false when the entry's SQL has to do it, and has changed nothing
 * then: where the table has rules, BEFORE or statement triggers, forced row security,
 * generated columns or defaults for what is not named; a partition is missing or
 * foreign; the role in effect is not the owner; an extension judges permissions
 * (ExecutorCheckPerms_hook); the transaction is read-only; or somebody has changed
 * the row meanwhile.  So what has to be refused is refused by the SQL, with its words.
 *
 * A read, and a write that calls triggers or constraints, has a snapshot of its own, as
 * a statement has, and the next statement of the transaction sees what was done.
 */
#ifndef PGT_EXEC_H
#define PGT_EXEC_H

#include "base/compat.h"

#include "base/store.h"

/* so often one has done what an entry wants, or has left it to its SQL, in this backend */
typedef struct ExecStats
{
	int64 done;
	int64 left;
} ExecStats;

extern ExecStats exec_stats;

/*
 * The row whose column is the first argument, given to the entry's reader in the
 * caller's memory context.  *row stays as it is when there is none; *found says.
 */
extern bool exec_read(StoreQuery *query, const StoreArgs *args, void *row, bool *found);

/*
 * The named arguments become the columns of the row that was found, if it is still that
 * version: whoever has changed it since, this transaction included, is what the SQL is for.
 */
extern bool exec_update(StoreQuery *query, const StoreArgs *args, const StoreFound *found);

/* the named arguments become a row, in the partition for it */
extern bool exec_insert(StoreQuery *query, const StoreArgs *args);

#endif /* PGT_EXEC_H */
