/*
 * statement.h
 *		What we sign that is no token of a family: introspection answers, logout
 *		tokens.
 */
#ifndef PGT_STATEMENT_H
#define PGT_STATEMENT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "core/jose/token.h"
#include "tables/client.h"

/* for this client: absent members of the specification, which has no kid yet */
extern PgtcTokenSpec statement_for(const Client *client, const char *typ);

/* signs with the issuer's active key of the client's algorithm; extra: further claims */
extern char *statement_sign(const Client *client, PgtcTokenSpec *spec, Jsonb *extra);

#endif /* PGT_STATEMENT_H */
