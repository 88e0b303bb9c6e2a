/*
 * authorization_details.h
 *		Rich authorization requests (RFC 9396): what is asked for beyond scopes, judged by
 *		the functions of its types, and narrowed later.
 */
#ifndef PGT_AUTHORIZATION_DETAILS_H
#define PGT_AUTHORIZATION_DETAILS_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/client.h"

#define AUTHORIZATION_DETAILS_MAX 16 /* elements */

/*
 * A request's authorization_details, or NULL: an array, each element of a type that the
 * issuer has and the client is registered for, as the type's function answers it.
 * subject NULL: not known yet.  At an endpoint: what the function raises is an answer.
 */
extern PgtErr authorization_details_read(const Client *client, const char *subject,
										 const char *text, Jsonb **details);

/* what the application grants by itself; NULL and an empty array: nothing.  ereport(22023) for anything else that is none. */
extern Jsonb *authorization_details_given(Jsonb *details);

/*
 * What the application says was agreed to in place of what was asked for; NULL: that.
 * ereport(22023) for what is no array of objects of types that were asked for.
 */
extern Jsonb *authorization_details_agreed(Jsonb *asked, Jsonb *agreed);

/* a later request for no more than was granted, each element once; text NULL: all of it */
extern PgtErr authorization_details_narrow(Jsonb *granted, const char *text, Jsonb **details);

/* those that say nothing of locations, or name one of these (RFC 9396 section 9.1); NULL: none */
extern Jsonb *authorization_details_at(Jsonb *details, char *const *resources, int n_resources);

#endif /* PGT_AUTHORIZATION_DETAILS_H */
