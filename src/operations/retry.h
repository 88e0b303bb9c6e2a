/*
 * retry.h
 *		A consumed refresh token that is presented again: when is that a retry?
 */
#ifndef PGT_RETRY_H
#define PGT_RETRY_H

#include "base/compat.h"

#include "core/oauth/refresh_token.h"
#include "core/risk/lockstep.h"
#include "tables/client.h"
#include "tables/confirmation.h"
#include "tables/grant.h"

typedef struct RetryCase
{
	const Client *client;
	const Grant *grant; /* as it was last read */
	const Confirmation *cnf; /* what the request has proved */
	Jsonb *context;
	TimestampTz entered; /* what windows count to: time that was spent waiting is nobody's delay */
	TimestampTz now; /* read after the grant */
	bool
		was_current; /* the request has read its token as current: whoever rotated that was faster */
} RetryCase;

/* this transaction has rotated the family, with this nonce */
extern void retry_note_rotation(const pg_uuid_t *grant_id,
								const uint8_t nonce[PGTC_ROTATION_NONCE_LEN]);

/* seconds; 0: strict */
extern int retry_window(const RetryCase *retry);

/* of an immediate predecessor; of one that this very transaction has consumed, whatever the window */
extern bool retry_in_window(const RetryCase *retry);

/* what the retry makes of the family's lockstep; false: nothing that is to be kept */
extern bool retry_lockstep(const RetryCase *retry, PgtcLockstep *out);

/* and is that reuse? */
extern bool retry_is_lockstep(const RetryCase *retry, const PgtcLockstep *lockstep);

/*
 * The refusal of a token that names the family and is none of its own.  So is what a
 * primary answered that is gone, with commits that this one never saw; also where the
 * generation has been given anew since.  That is no reuse, nothing ends.  What anybody
 * could make of a grant_id leaves an event only where the family's client has proved
 * itself; then *family is set.
 */
extern PgtErr retry_lost(const Client *client, Grant *grant, int generation, Grant **family);

/*
 * What the audit has, in detail, of a genuine token that was refused: which of its
 * family's it was; and of a reuse, which was current and by which window it was judged.
 * lockstep: in which it was; NULL: in none.
 */
extern Jsonb *retry_presented(int generation);
extern Jsonb *retry_detail(const RetryCase *retry, int generation, const RevokedGrant *revoked,
						   const PgtcLockstep *lockstep);

#endif /* PGT_RETRY_H */
