/*
 * statement.h
 *		What we sign that is no token of a family: introspection and authorization
 *		answers, userinfo, logout tokens.
 */
#ifndef PGT_STATEMENT_H
#define PGT_STATEMENT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "core/jose/alg.h"
#include "core/jose/token.h"
#include "tables/client.h"

/* for this client: absent members of the specification, which has no kid yet */
extern PgtcTokenSpec statement_for(const Client *client, const char *typ);

/* signs with the issuer's active key of the client's algorithm; extra: further claims */
extern char *statement_sign(const Client *client, PgtcTokenSpec *spec, Jsonb *extra);

/*
 * What anybody can verify is signed by: what the client has registered for it, or its
 * own algorithm.  NULL: HS256, whose key is nobody's but ours.
 */
extern const PgtcAlg *statement_alg(const Client *client, const PgtcAlg *registered);

/* the same by another algorithm than the client's */
extern char *statement_sign_by(const Client *client, const PgtcAlg *alg, PgtcTokenSpec *spec,
							   Jsonb *extra);

#endif /* PGT_STATEMENT_H */
