/*
 * glue.c
 *		What the core is given by the server, and what becomes of its codes.
 */
#include "base/glue.h"

#include "utils/memutils.h"

#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"

const pg_uuid_t glue_no_grant = {{0}};

static void *
mem_alloc(size_t size)
{
	return AllocSizeIsValid(size) ? palloc_extended(size, MCXT_ALLOC_NO_OOM) : NULL;
}

static void
mem_release(void *ptr)
{
	pfree(ptr);
}

const PgtcMem glue_mem = {mem_alloc, mem_release};

void
glue_check(PgtcCode code, const char *doing)
{
	if (code == PGTC_E_NOMEM)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory while %s", doing)));
	if (code != PGTC_OK)
		elog(ERROR, "pgtoken failed while %s: %s", doing, pgtc_code_text(code));
}

typedef struct OwnedClaims
{
	PgtcClaims claims; /* first, so that both have one address */
	MemoryContextCallback callback;
} OwnedClaims;

static void
free_owned_claims(void *arg)
{
	pgtc_claims_free((PgtcClaims *) arg);
}

PgtcClaims *
glue_claims_read(PgtcSlice payload, PgtcCode *code)
{
	OwnedClaims *owned = palloc0(sizeof(OwnedClaims));

	owned->callback.func = free_owned_claims;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &owned->callback);
	*code = pgtc_claims_read(payload, &owned->claims);
	return &owned->claims;
}

typedef struct OwnedKey
{
	PgtcKey key; /* first, as above */
	MemoryContextCallback callback;
} OwnedKey;

static void
free_owned_key(void *arg)
{
	pgtc_key_free((PgtcKey *) arg);
}

PgtcKey *
glue_new_key(void)
{
	OwnedKey *owned = palloc0(sizeof(OwnedKey));

	owned->callback.func = free_owned_key;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &owned->callback);
	return &owned->key;
}

void
glue_require(bool given, const char *argument)
{
	if (!given)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", argument)));
}
