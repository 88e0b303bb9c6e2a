/*
 * claims_request.h
 *		Single claims that a client has asked for (OpenID Connect Core section 5.5): an object
 *		as core/oauth/claims_parameter.h reads it, kept with the code and the family.
 *
 * A claim that a scope stands for is asked for as the scope is: the client must be
 * registered for it, and the subject consents to it.  NULL is a request for nothing.
 */
#ifndef PGT_CLAIMS_REQUEST_H
#define PGT_CLAIMS_REQUEST_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "base/errors.h"
#include "core/oauth/scope.h"

/* the parameter claims; *request NULL: text is NULL, or nothing is asked for */
extern PgtErr claims_request_read(const char *text, Jsonb **request);

/* adds those that stand for claims of it to the scopes */
extern void claims_request_scopes(Jsonb *request, PgtcScope *scopes);

/* without the claims whose scope is not among these */
extern Jsonb *claims_request_within(Jsonb *request, const PgtcScope *scopes);

/* the names asked for in the target, "id_token" or "userinfo"; n = 0: none */
extern char **claims_request_names(Jsonb *request, const char *target, int *n);

/* does it take this value of the target's claim: no other is named by value or values? */
extern bool claims_request_takes(Jsonb *request, const char *target, const char *claim,
								 const char *value);

/* is the claim asked for in the target? */
extern bool claims_request_has(Jsonb *request, const char *target, const char *claim);

/* the acr values of which the ID token must have one (section 5.5.1.1), or a stronger one; n = 0: any will do */
extern char **claims_request_acr(Jsonb *request, int *n);

#endif /* PGT_CLAIMS_REQUEST_H */
