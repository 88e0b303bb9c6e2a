/*
 * authentication.h
 *		Who has authenticated, when and how, and whether that is enough: acr, amr
 *		and auth_time against what a resource or a request asks for.
 */
#ifndef PGT_AUTHENTICATION_H
#define PGT_AUTHENTICATION_H

#include "base/compat.h"

#include "datatype/timestamp.h"

#include "base/store.h"
#include "tables/issuer.h"

/* what the application says of a login, and what becomes of it: from its function to the family */
typedef struct Authentication
{
	char *subject;
	char *session_id; /* NULL: the grant_id stands in */
	TimestampTz auth_time; /* DT_NOBEGIN: nobody has authenticated */
	char *acr; /* NULL: none */
	char **amr;
	int n_amr; /* -1: none given */
	Jsonb *claims;
	Jsonb *details; /* what was agreed to beyond scopes (RFC 9396); NULL: nothing */
	TimestampTz mfa_time; /* when a further factor was last proved; DT_NOBEGIN: never */
	TimestampTz first_auth_time; /* before any step-up; DT_NOBEGIN: there was none */
} Authentication;

/* auth_time that was not given: it is the moment at which something comes of it */
#define AUTHENTICATED_NOW DT_NOEND

/* as a code, a device code or a family has it in its columns; what a step-up knows is the family's */
extern void authentication_args(StoreArgs *args, const Authentication *authentication);

/* from session_id to amr, which stand together; subject and claims stand apart in a family */
extern void authentication_read(StoreRow *row, Authentication *authentication);

/* ereport(22023) for a subject, acr, amr or session_id that cannot be; for what the application has said */
extern void authentication_check(const Authentication *authentication);

/* as of this moment, before any step-up: with auth_time, and mfa_time by what amr says */
extern Authentication authentication_begin(const Authentication *authentication, TimestampTz now);

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

/* as it was before any step-up */
extern TimestampTz authentication_first_auth_time(const Authentication *authentication);

#endif /* PGT_AUTHENTICATION_H */
