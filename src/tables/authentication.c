/*
 * authentication.c
 *		How well a subject has authenticated, and whether that is enough.
 */
#include "tables/authentication.h"

#include "base/moment.h"
#include "base/strings.h"
#include "core/jose/claims.h"

/* -1: not one of the issuer's levels */
static int
level_of(const Issuer *issuer, const char *acr)
{
	for (int i = 0; i < issuer->n_acr_levels; i++)
	{
		if (strcmp(issuer->acr_levels[i], acr) == 0)
			return i;
	}
	return -1;
}

static bool
acr_reaches(const Issuer *issuer, const char *acr, const char *wanted)
{
	int wanted_level = level_of(issuer, wanted);

	return strcmp(acr, wanted) == 0 || (wanted_level >= 0 && level_of(issuer, acr) >= wanted_level);
}

static bool
acr_satisfies(const Issuer *issuer, const char *acr, const Requirement *requirement)
{
	bool satisfied = requirement->n_acr_values <= 0;

	for (int i = 0; acr && i < requirement->n_acr_values; i++)
		satisfied = satisfied || acr_reaches(issuer, acr, requirement->acr_values[i]);
	return satisfied;
}

/*
 * A time that lies ahead, by another machine's clock, is as far from now as one that has
 * passed: who asks for a proof at this moment (max_age 0) is not served with it.
 */
static bool
is_recent(TimestampTz auth_time, int max_age, TimestampTz now)
{
	return !TIMESTAMP_IS_NOBEGIN(auth_time) && now <= moment_plus(auth_time, max_age) &&
		   auth_time <= moment_plus(now, max_age);
}

bool
authentication_satisfies(const Issuer *issuer, const Authentication *authentication,
						 const Requirement *requirement, TimestampTz now)
{
	if (!acr_satisfies(issuer, authentication->acr, requirement))
		return false;
	for (int i = 0; i < requirement->n_amr; i++)
	{
		if (!strings_have(authentication->amr, authentication->n_amr, requirement->amr[i]))
			return false;
	}
	return requirement->max_age < 0 ||
		   is_recent(authentication->auth_time, requirement->max_age, now);
}

bool
authentication_satisfies_all(const Issuer *issuer, const Authentication *authentication,
							 const Requirement *requirements, int n_requirements, TimestampTz now)
{
	for (int i = 0; i < n_requirements; i++)
	{
		if (!authentication_satisfies(issuer, authentication, &requirements[i], now))
			return false;
	}
	return true;
}

static void
add_method(Authentication *authentication, const char *method)
{
	if (authentication->n_amr < PGTC_AMR_MAX &&
		!strings_have(authentication->amr, authentication->n_amr, method))
		authentication->amr[authentication->n_amr++] = pstrdup(method);
}

/* had the subject authenticated better than by a factor of this acr? */
static bool
is_stronger(const Issuer *issuer, const Authentication *authentication, const char *acr)
{
	return authentication->acr && level_of(issuer, acr) >= 0 &&
		   level_of(issuer, authentication->acr) > level_of(issuer, acr);
}

Authentication
authentication_proved(const Issuer *issuer, const Authentication *authentication,
					  const Requirement *requirements, int n_requirements, const char *acr,
					  char *const *amr, int n_amr, TimestampTz at)
{
	Authentication kept = *authentication;
	Authentication proved = {unconstify(char *, acr), NULL, 0, at, at};

	kept.mfa_time = at;
	if (is_stronger(issuer, authentication, acr) &&
		authentication_satisfies_all(issuer, &kept, requirements, n_requirements, at))
		return kept;
	proved.amr = palloc(sizeof(char *) * PGTC_AMR_MAX);
	add_method(&proved, "mfa");
	for (int i = 0; i < n_amr; i++)
		add_method(&proved, amr[i]);
	return proved;
}

Authentication
authentication_of_grant(const Grant *grant)
{
	return (Authentication){grant->acr, grant->amr, grant->n_amr, grant->auth_time,
							grant->mfa_time};
}

TimestampTz
authentication_first_mfa_time(const Grant *grant)
{
	return strings_have(grant->amr, grant->n_amr, "mfa") ? grant->auth_time : DT_NOBEGIN;
}

TimestampTz
authentication_first_auth_time(const Grant *grant)
{
	return TIMESTAMP_IS_NOBEGIN(grant->first_auth_time) ? grant->auth_time : grant->first_auth_time;
}

void
authentication_into_grant(const Authentication *authentication, Grant *grant)
{
	/* as grant_step_up() does in the row */
	grant->first_auth_time = authentication_first_auth_time(grant);
	grant->acr = authentication->acr;
	grant->amr = authentication->amr;
	grant->n_amr = authentication->n_amr;
	grant->auth_time = authentication->auth_time;
	grant->mfa_time = authentication->mfa_time;
}
