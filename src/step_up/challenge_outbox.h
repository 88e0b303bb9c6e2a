/*
 * challenge_outbox.h
 *		One-time codes that the application, or the courier, has still to deliver.
 */
#ifndef PGT_CHALLENGE_OUTBOX_H
#define PGT_CHALLENGE_OUTBOX_H

#include "base/compat.h"

#include "step_up/factor.h"
#include "tables/challenge_row.h"
#include "tables/issuer.h"

typedef struct OutgoingCode
{
	pg_uuid_t code_id;
	char *issuer;
	char *subject;
	pg_uuid_t factor_id;
	char *factor_type;
	char *label; /* NULL: none */
	char *client_id;
	bytea *sealed;
	char *code; /* NULL: it could not be opened */
	TimestampTz expires_at;
	struct OutgoingCode *next;
} OutgoingCode;

/* stored encrypted, as work of the courier where the issuer says so; who listens is told */
extern void challenge_outbox_put(Issuer *issuer, const Challenge *challenge, const Factor *factor,
								 const char *code);

/* oldest first, each to one caller only; those that the courier delivers are left out */
extern OutgoingCode *challenge_outbox_take(int max);

/* what the courier is to deliver, and stays until it has; NULL: it is not there, or cannot be opened */
extern char *challenge_outbox_open(const pg_uuid_t *code_id);

#endif /* PGT_CHALLENGE_OUTBOX_H */
