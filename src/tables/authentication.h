/*
 * authentication.h
 *		How well a subject has authenticated, and whether that is enough: acr, amr
 *		and auth_time against what a resource or a request asks for.
 */
#ifndef PGT_AUTHENTICATION_H
#define PGT_AUTHENTICATION_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "tables/grant.h"
#include "tables/issuer.h"

typedef struct Authentication
{
	char *acr; /* NULL: none */
	char **amr;
	int n_amr; /* -1: none given */
	TimestampTz auth_time; /* DT_NOBEGIN: nobody has authenticated */
	TimestampTz mfa_time; /* when a further factor was last proved; DT_NOBEGIN: never */
} Authentication;

/* one who asks; each may be absent */
typedef struct Requirement
{
	const char *resource; /* NULL: the request itself (RFC 9470 section 4) */
	int version; /* of the resource's policy */
	bool can_step_up; /* false: a family that does not satisfy it is refused */
	char **acr_values; /* any one, or a stronger one */
	int n_acr_values; /* 0: any acr */
	char **amr; /* all of them */
	int n_amr;
	int max_age; /* seconds; -1: any */
} Requirement;

extern bool authentication_satisfies(const Issuer *issuer, const Authentication *authentication,
									 const Requirement *requirement, TimestampTz now);

/*
 * What it becomes when a factor is proved at this time.  acr, amr and auth_time
 * always belong to one moment: either all are those of the proof (amr with mfa),
 * or, where the subject had authenticated better before and every requirement
 * holds by that, all stay and only mfa_time is new.
 */
extern Authentication authentication_proved(const Issuer *issuer,
											const Authentication *authentication,
											const Requirement *requirements, int n_requirements,
											const char *acr, char *const *amr, int n_amr,
											TimestampTz at);

/* does everything that is required hold? */
extern bool authentication_satisfies_all(const Issuer *issuer, const Authentication *authentication,
										 const Requirement *requirements, int n_requirements,
										 TimestampTz now);

extern Authentication authentication_of_grant(const Grant *grant);
/* of a first issue: mfa_time by what amr says */
extern TimestampTz authentication_first_mfa_time(const Grant *grant);

/* as it was before any step-up */
extern TimestampTz authentication_first_auth_time(const Grant *grant);

/* by a step-up */
extern void authentication_into_grant(const Authentication *authentication, Grant *grant);

#endif /* PGT_AUTHENTICATION_H */
