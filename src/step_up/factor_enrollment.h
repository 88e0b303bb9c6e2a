/*
 * factor_enrollment.h
 *		Use cases: the application gives a user a factor, and the user activates it.
 */
#ifndef PGT_FACTOR_ENROLLMENT_H
#define PGT_FACTOR_ENROLLMENT_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "tables/issuer.h"

typedef struct FactorEnrollment
{
	const char *subject;
	const char *factor_type;
	Jsonb *parameters; /* an object */
	char *label; /* NULL: none */
} FactorEnrollment;

/* factor_id, factor_type, state and what is shown to the user once; ereport(22023) for what is misused */
extern Jsonb *factor_enrollment_begin(Issuer *issuer, const FactorEnrollment *enrollment);

/* false: no such pending factor, a wrong code, or too many of them */
extern bool factor_enrollment_activate(const Issuer *issuer, const char *subject,
									   const pg_uuid_t *factor_id, const char *code);

#endif /* PGT_FACTOR_ENROLLMENT_H */
