/*
 * claims_function.h
 *		Claims of a subject, by the application's own SQL function.
 */
#ifndef PGT_CLAIMS_FUNCTION_H
#define PGT_CLAIMS_FUNCTION_H

#include "base/compat.h"

#include "tables/client.h"
#include "tables/grant.h"

/*
 * What the issuer's claims function has to say for the target ("id_token",
 * "userinfo", "access_token"), with the single claims that the client has asked for in
 * it (claims_request.h); NULL when there is no such function or it says nothing.  The subject may be a client ("client:" and its client_id), whose
 * access token may need a role.  ereport(22023) when it names a registered claim.
 */
extern Jsonb *claims_function_run(const Client *client, const Grant *grant, const char *scope,
								  const char *target);

/*
 * Runs a step that asks for claims of the issuer's subjects, guarded where there is a
 * function that can fail (user_function_guard): false: it has.
 */
extern bool claims_function_guard(const char *issuer, void (*step)(void *arg), void *arg);

/* both; NULL is nothing; more wins where both name a claim */
extern Jsonb *claims_function_merge(Jsonb *claims, Jsonb *more);

#endif /* PGT_CLAIMS_FUNCTION_H */
