/*
 * audit_leaf.h
 *		Rows of the audit and the ledger as leaves of a tree (core/base/leaf.h).
 */
#ifndef PGT_AUDIT_LEAF_H
#define PGT_AUDIT_LEAF_H

#include "base/compat.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/uuid.h"

#include "core/base/leaf.h"
#include "core/base/buf.h"

/* how the columns of a table are put into the hash: looked up once, in the current memory context */
typedef struct AuditLeafTable AuditLeafTable;

/* of rows of tokens and audit_rows; ereport(22023) for others */
extern AuditLeafTable *audit_leaf_table(TupleDesc desc);

/* the leaf's hash; a row without a proof has empty salts, and is of the cluster 0 */
extern void audit_leaf_hash(const AuditLeafTable *table, HeapTuple row,
							uint8_t out[PGTC_SHA256_LEN]);

/* what a row keeps once these parts are gone from it, too; the length is returned */
extern size_t audit_leaf_redacted(const AuditLeafTable *table, HeapTuple row,
								  const bool gone[PGTC_LEAF_PARTS], const pg_uuid_t *event,
								  uint8_t out[PGTC_LEAF_PROOF_MAX]);

/* all that the leaf is made of, as JSON; the person and the place themselves only if asked for */
extern void audit_leaf_write(const AuditLeafTable *table, HeapTuple row, bool with_parts,
							 PgtcBuf *out);

/* is the second row the first without some of its person or place, and nothing else? */
extern bool audit_leaf_redacts(const AuditLeafTable *table, HeapTuple before, HeapTuple after);

/* a fresh row's proof */
extern void audit_leaf_fresh(uint8_t out[PGTC_LEAF_FRESH_LEN]);

/* which cluster writes here */
extern void audit_leaf_cluster(uint8_t out[PGTC_LEAF_CLUSTER_LEN]);

#endif /* PGT_AUDIT_LEAF_H */
