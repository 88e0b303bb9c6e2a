/*
 * not_before.h
 *		Points in time before which tokens are refused: of an issuer, a client, a
 *		subject, a family.  The latest of them counts.
 */
#ifndef PGT_NOT_BEFORE_H
#define PGT_NOT_BEFORE_H

#include "compat.h"

#include "client.h"
#include "datatype/timestamp.h"
#include "errors.h"

/*
 * PGT_OK, or which level refuses what began then: PGT_ERR_NOT_BEFORE_ISSUER,
 * _CLIENT, _SUBJECT, _FAMILY (of several, the one with the latest time).
 * family: the family's own not_before, DT_NOBEGIN for none.
 *
 * begun_at is grants.created_at, not when the single token was handed out:
 * whoever holds a token of before has got his later ones by it.  And a refresh
 * that runs while a not_before is being committed cannot know of it; its tokens
 * are later than the not_before, but its family is not.
 */
extern PgtErr not_before_check(const Client *client, const char *subject, TimestampTz family,
							   TimestampTz begun_at);

#endif /* PGT_NOT_BEFORE_H */
