/*
 * acting.h
 *		Who acts for the subject of a family (RFC 8693 section 4.1), for those who are told
 *		and for those who judge.
 */
#ifndef PGT_ACTING_H
#define PGT_ACTING_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/client.h"

/* members of this prefix are ours, and never in a token */
#define ACTING_OURS "pgtoken:"

/* sub: as the client of his token knows him; subject: the application's user id */
extern Jsonb *acting_begin(const char *sub, const char *subject);

/* what a token says of it; NULL: nobody acts */
extern Jsonb *acting_claim(Jsonb *act);

/*
 * Does none of those who act, or have acted, stand in the way?  One who is blocked does, and
 * one all of whose tokens were ended after the family began: he had it, too.
 */
extern bool acting_stands(const Client *client, const Begun *begun, Jsonb *act);

#endif /* PGT_ACTING_H */
