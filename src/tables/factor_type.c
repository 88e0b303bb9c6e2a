/*
 * factor_type.c
 *		The types of factors, and what a proof of each comes to.
 *
 * The only list of them: CHECK constraints and messages read it, by
 * pgtoken.choices('factor type') and strings_joined.
 */
#include "tables/factor_type.h"

#include "base/member.h"
#include "base/strings.h"

static const struct
{
	const char *name;
	const char *acr; /* unless the issuer has another */
	bool sent; /* its proof is a code that the application delivers */
	const char *amr[2];
} types[] = {
	[FACTOR_EMAIL] = {"email", "mfa", true, {"otp"}},
	[FACTOR_SMS] = {"sms", "mfa", true, {"otp", "sms"}},
	[FACTOR_TOTP] = {"totp", "mfa", false, {"otp"}},
	[FACTOR_WEBAUTHN] = {"webauthn", "phr", false, {"pop", "user"}},
	[FACTOR_RECOVERY_CODE] = {"recovery_code", "mfa", false, {"otp"}},
	[FACTOR_EXTERNAL] = {"external", "mfa", false, {NULL}},
};

StaticAssertDecl(lengthof(types) == FACTOR_EXTERNAL + 1, "every type of factor has its row");

const char *
factor_type_name(int type)
{
	return type < (int) lengthof(types) ? types[type].name : NULL;
}

const char *
factor_type_acr(const Issuer *issuer, FactorType type)
{
	const char *configured = member_string(issuer->factor_acr, types[type].name);

	return configured ? configured : types[type].acr;
}

char **
factor_type_amr(FactorType type, int *n)
{
	char **amr = palloc(sizeof(types[type].amr));

	for (*n = 0; *n < (int) lengthof(types[type].amr) && types[type].amr[*n]; (*n)++)
		amr[*n] = pstrdup(types[type].amr[*n]);
	return amr;
}

bool
factor_type_is_sent(FactorType type)
{
	return types[type].sent;
}
