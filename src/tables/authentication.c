/*
 * authentication.c
 *		Who has authenticated, when and how, and whether that is enough.
 */
#include "tables/authentication.h"

#include "base/moment.h"
#include "base/request.h"
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
	Authentication proved;

	kept.mfa_time = at;
	/* as grant_step_up() does in the row */
	kept.first_auth_time = authentication_first_auth_time(authentication);
	if (is_stronger(issuer, authentication, acr) &&
		authentication_satisfies_all(issuer, &kept, requirements, n_requirements, at))
		return kept;
	proved = kept;
	proved.auth_time = at;
	proved.acr = unconstify(char *, acr);
	proved.n_amr = 0;
	proved.amr = palloc(sizeof(char *) * PGTC_AMR_MAX);
	add_method(&proved, "mfa");
	for (int i = 0; i < n_amr; i++)
		add_method(&proved, amr[i]);
	return proved;
}

TimestampTz
authentication_first_auth_time(const Authentication *authentication)
{
	return TIMESTAMP_IS_NOBEGIN(authentication->first_auth_time) ? authentication->auth_time
																 : authentication->first_auth_time;
}

Authentication
authentication_begin(const Authentication *authentication, TimestampTz now)
{
	Authentication begun = *authentication;

	if (TIMESTAMP_IS_NOEND(begun.auth_time))
		begun.auth_time = now;
	/* nobody has authenticated but the client itself (RFC 9068 section 2.2.1) */
	if (request_subject_is_client(begun.subject))
		begun.auth_time = DT_NOBEGIN;
	begun.mfa_time = strings_have(begun.amr, begun.n_amr, "mfa") ? begun.auth_time : DT_NOBEGIN;
	begun.first_auth_time = DT_NOBEGIN;
	return begun;
}

void
authentication_check(const Authentication *authentication)
{
	request_subject(authentication->subject);
	request_string(authentication->acr, "acr");
	request_strings(authentication->amr, authentication->n_amr, "amr");
	request_string(authentication->session_id, "session_id");
}

void
authentication_read(StoreRow *row, Authentication *authentication)
{
	authentication->session_id = store_text(store_column(row, "session_id"));
	authentication->auth_time = store_time(store_column(row, "auth_time"), DT_NOBEGIN);
	authentication->acr = store_text(store_column(row, "acr"));
	authentication->amr = store_texts(store_column(row, "amr"), &authentication->n_amr);
}

void
authentication_args(StoreArgs *args, const Authentication *authentication)
{
	store_arg_text(store_named(args, "subject"), authentication->subject);
	store_arg_text(store_named(args, "session_id"), authentication->session_id);
	store_arg_time(store_named(args, "auth_time"), authentication->auth_time);
	store_arg_text(store_named(args, "acr"), authentication->acr);
	store_arg_texts(store_named(args, "amr"), authentication->amr, authentication->n_amr);
	store_arg_jsonb(store_named(args, "claims"), authentication->claims);
	store_arg_jsonb(store_named(args, "authorization_details"), authentication->details);
}
