/*
 * permit.h
 *		May a request go on?  Assess it, and have its user prove a factor where
 *		that is asked for.
 */
#ifndef PGT_PERMIT_H
#define PGT_PERMIT_H

#include "base/compat.h"

#include "step_up/assess.h"
#include "step_up/challenge.h"
#include "tables/audit.h"
#include "tables/grant.h"
#include "tokens/response.h"

typedef struct PermitRequest
{
	AssessedRequest assessed;
	int generation; /* presented; -1: a first issue */
	const char *transaction_id; /* a step-up that was completed; NULL: none */
	TimestampTz entered; /* when the request came in: what the next counts to */
	int retry_window; /* seconds for which a factor that has brought it to this generation counts again */
	bool proved_before; /* this very request has found the factor not yet consumed */
	bool
		consumed_before; /* by this very request, before somebody else was faster with the family */
	bool user_present; /* can somebody be asked to prove a factor? */
} PermitRequest;

typedef struct Permission
{
	bool stepped_up; /* a factor was proved for it, and the family is to have it */
	StepUp step_up;
	bool revoke; /* refused by a policy that ends the family */
	Jsonb *record; /* for the audit; NULL: nothing was to be looked at */
	Jsonb *personal; /* what the record leaves out, as it tells of a person; NULL: nothing */
} Permission;

/*
 * PGT_OK, and the grant (in memory) says how its subject has authenticated by
 * now; or what to answer, with transaction_id, expires_in and factors in the
 * response when it is PGT_ERR_MFA_REQUIRED.
 */
extern PgtErr permit(PermitRequest *request, Grant *grant, Permission *permission,
					 TokenResponse *response);

/* the audit of a request that does not go on: act is issue or refresh, unless the event has a name */
extern void permit_audit_refusal(const char *act, PgtErr err, const Permission *permission,
								 AuditEvent event);

#endif /* PGT_PERMIT_H */
