/*
 * factor_type.h
 *		The types of factors, and what a proof of each comes to.
 */
#ifndef PGT_FACTOR_TYPE_H
#define PGT_FACTOR_TYPE_H

#include "base/compat.h"

#include "tables/issuer.h"

typedef enum FactorType
{
	FACTOR_EMAIL,
	FACTOR_SMS,
	FACTOR_TOTP,
	FACTOR_WEBAUTHN,
	FACTOR_RECOVERY_CODE,
	FACTOR_EXTERNAL /* last, see factor_type.c */
} FactorType;

/* as StringsNth, too: NULL past the last one */
extern const char *factor_type_name(int type);

/* at this issuer */
extern const char *factor_type_acr(const Issuer *issuer, FactorType type);

/* its methods (RFC 8176), palloc'd; none of external */
extern char **factor_type_amr(FactorType type, int *n);

/* is its proof a code that the application delivers? */
extern bool factor_type_is_sent(FactorType type);

#endif /* PGT_FACTOR_TYPE_H */
