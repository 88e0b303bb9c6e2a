/*
 * store_queries.h
 *		The table of queries that store.c prepares and runs; nobody else's.
 */
#ifndef PGT_STORE_QUERIES_H
#define PGT_STORE_QUERIES_H

#include "base/compat.h"

#include "base/store.h"

typedef struct QueryDef
{
	const char *name;
	const char *types; /* of the parameters, one letter each: see store.c */
	int expect;
	bool latest; /* reads with the latest snapshot, whatever the isolation level; writes nothing */
	const char *sql;
} QueryDef;

extern const QueryDef store_queries[STORE_QUERIES];

#endif /* PGT_STORE_QUERIES_H */
