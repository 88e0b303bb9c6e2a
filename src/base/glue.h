/*
 * glue.h
 *		What the core is given by the server, and what becomes of its codes.
 */
#ifndef PGT_GLUE_H
#define PGT_GLUE_H

#include "base/compat.h"

#include "utils/uuid.h"

#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/jose/key.h"

/* palloc that answers NULL instead of jumping, for core and buffers */
extern const PgtcMem glue_mem;

/* elog(ERROR) unless the code is PGTC_OK; for what cannot fail but for lack of memory or a broken OpenSSL */
extern void glue_check(PgtcCode code, const char *doing);

/* all zeros: the grant_id of what belongs to no family */
extern const pg_uuid_t glue_no_grant;

/*
 * Claims whose jansson tree ends with the current memory context at the latest,
 * so that an ereport cannot leak it; *code says whether they could be read.
 */
extern PgtcClaims *glue_claims_read(PgtcSlice payload, PgtcCode *code);

/* an empty key, for whoever fills it; what it then holds ends with the current memory context */
extern PgtcKey *glue_new_key(void);

/* ereport(22004) with the argument's name */
extern void glue_require(bool given, const char *argument);

#endif /* PGT_GLUE_H */
