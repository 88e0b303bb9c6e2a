/*
 * argument.h
 *		Unpacking the arguments of SQL-callable functions.
 */
#ifndef PGT_ARGUMENT_H
#define PGT_ARGUMENT_H

#include "base/compat.h"

#include "fmgr.h"
#include "utils/jsonb.h"

#include "tables/authentication.h"
#include "tables/lifespan.h"

extern char *argument_text(FunctionCallInfo fcinfo, int arg);

/* a parameter without a value counts as omitted (RFC 6749 section 3.2) */
extern char *argument_non_empty_text(FunctionCallInfo fcinfo, int arg);
extern char *argument_required_text(FunctionCallInfo fcinfo, int arg, const char *name);

/* required, and of this shard (base/shard.h) */
extern char *argument_subject(FunctionCallInfo fcinfo, int arg);

/* *n = if_null for SQL NULL */
extern char **argument_texts(FunctionCallInfo fcinfo, int arg, const char *name, int if_null,
							 int *n);
/* an interval in whole seconds, as lifetime_of_interval; -1 for SQL NULL; ereport(22023) for a negative one */
extern int argument_seconds(FunctionCallInfo fcinfo, int arg, const char *name);

/* as argument_seconds; ereport(22023) outside of 1 minute to 10 years */
extern int argument_consent_lifetime(FunctionCallInfo fcinfo, int arg);

/*
 * What the application says of a login, checked: acr and amr come after auth_time,
 * claims after session_id.
 */
extern Authentication argument_authentication(FunctionCallInfo fcinfo, int subject, int auth_time,
											  int session_id);

/* lifetime and, after it, idle_lifetime, from now on; ereport(22023) unless they are positive */
extern Lifespan argument_lifespan(FunctionCallInfo fcinfo, int lifetime);

/* how many shards there are; ereport(22023) unless it is 1 to PGTC_PLACEMENTS */
extern uint32 argument_shards(FunctionCallInfo fcinfo, int arg);

extern Jsonb *argument_jsonb(FunctionCallInfo fcinfo, int arg);

#endif /* PGT_ARGUMENT_H */
