/*
 * not_before.h
 *		What has ended all that was issued before: of an issuer, a client, a subject,
 *		a family.
 */
#ifndef PGT_NOT_BEFORE_H
#define PGT_NOT_BEFORE_H

#include "base/compat.h"

#include "base/begun.h"
#include "base/errors.h"
#include "tables/client.h"

/* now, in the epochs that this transaction sees */
extern void not_before_begin(const Client *client, TimestampTz now, Begun *begun);

/*
 * PGT_OK, or which level refuses what began so: PGT_ERR_NOT_BEFORE_ISSUER, _CLIENT,
 * _SUBJECT, _FAMILY (of several, the one with the latest time), or
 * PGT_ERR_CONSENT_WITHDRAWN.  family: the family's own not_before, DT_NOBEGIN for none.
 *
 * What counts is when the family began, not when the single token was handed out:
 * whoever holds a token of before has got his later ones by it.  And a refresh
 * that runs while an end is being committed cannot know of it; its tokens are later
 * than the end, but its family is not.
 */
extern PgtErr not_before_check(const Client *client, const char *subject, TimestampTz family,
							   const Begun *begun);

/* has everything of the issuer or the client been ended since: of what began elsewhere, for a subject or none yet */
extern bool not_before_ended(const Client *client, TimestampTz began);

/* has a not_before of any level been set since: of what began elsewhere, in no epoch of ours */
extern bool not_before_since(const Client *client, const char *subject, TimestampTz began);

#endif /* PGT_NOT_BEFORE_H */
