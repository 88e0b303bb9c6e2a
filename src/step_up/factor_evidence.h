/*
 * factor_evidence.h
 *		Is what a user shows the evidence of a factor?  What is right is used up.
 */
#ifndef PGT_FACTOR_EVIDENCE_H
#define PGT_FACTOR_EVIDENCE_H

#include "base/compat.h"

#include "core/base/crypto.h"
#include "core/factor/one_time_code.h"
#include "step_up/factor.h"
#include "tables/challenge_row.h"

/* HMACs under keys of the issuer: codes are too short for bare hashes */
extern void factor_evidence_hash_sent_code(Issuer *issuer, const Challenge *challenge,
										   const char *code, uint8_t hash[PGTC_SHA256_LEN]);
extern void factor_evidence_hash_recovery_code(Issuer *issuer, const pg_uuid_t *factor_id,
											   const char code[PGTC_RECOVERY_CODE_LEN + 1],
											   uint8_t hash[PGTC_SHA256_LEN]);

/* is the code one of now's, and not used before?  *step is its time step */
extern bool factor_evidence_totp_step(const Factor *factor, const char *code, TimestampTz now,
									  int64 *step);

/* has it what a factor of this type needs? */
extern bool factor_evidence_is_whole(FactorType type, Jsonb *evidence);

/*
 * factor and challenge as an attempt has counted and locked them.  trusted: the
 * evidence comes from the application, whose word counts for external factors.
 */
extern bool factor_evidence_accept(Issuer *issuer, const Factor *factor, const Challenge *challenge,
								   Jsonb *evidence, bool trusted, TimestampTz now);

#endif /* PGT_FACTOR_EVIDENCE_H */
