/*
 * claims_function.c
 *		Claims of a subject, by the application's own SQL function.
 */
#include "tokens/claims_function.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/member.h"
#include "base/object.h"
#include "base/request.h"
#include "base/strings.h"
#include "base/user_function.h"
#include "core/base/slice.h"
#include "core/jose/token.h"
#include "core/oauth/scope.h"
#include "tables/issuer.h"
#include "tokens/claims_request.h"

/* NULL: it says nothing */
static Jsonb *
call(const char *function, const Client *client, const Grant *grant, const PgtcScope *scope,
	 const char *target)
{
	const Oid types[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum args[4];
	Jsonb *claims;

	args[0] = CStringGetTextDatum(grant->auth.subject);
	args[1] = CStringGetTextDatum(client->client_id);
	args[2] = PointerGetDatum(strings_to_array(strings_in_scope(scope), scope->n));
	args[3] = CStringGetTextDatum(target);
	claims = user_function_call(function, lengthof(types), types, args);
	return claims ? request_claims(claims) : NULL;
}

/* the scopes, and those that stand for what was asked for by name, as far as the client may still have them */
static PgtcScope
scope_with_requested(const Client *client, const Grant *grant, const PgtcScope *scope)
{
	PgtcScope requested = {0};
	PgtcScope all = *scope;

	claims_request_scopes(grant->claims_request, &requested);
	for (int i = 0; i < requested.n; i++)
	{
		if (pgtc_scope_has(&client->scope, requested.token[i]))
			(void) pgtc_scope_add(&all, requested.token[i]);
	}
	return all;
}

/*
 * OpenID Connect Core section 5.5: the target gets what was asked for in it by name, too.
 * The function is asked for what userinfo would have with the scopes that stand for it,
 * and of that no more is taken than was asked for.
 */
static Jsonb *
with_requested(const char *function, const Client *client, const Grant *grant,
			   const PgtcScope *scope, const char *target, Jsonb *claims)
{
	int n;
	char **names = claims_request_names(grant->claims_request, target, &n);
	int n_missing = 0;
	PgtcScope all;
	Jsonb *offered;
	Object requested;

	for (int i = 0; i < n; i++)
	{
		/* what the token service gives itself is none of the function's */
		if (!pgtc_token_claim_reserved(pgtc_slice_str(names[i])) &&
			(claims == NULL || member_json(claims, names[i]) == NULL))
			names[n_missing++] = names[i];
	}
	if (n_missing == 0)
		return claims;
	all = scope_with_requested(client, grant, scope);
	offered = call(function, client, grant, &all, "userinfo");
	if (offered == NULL)
		return claims;
	object_begin(&requested);
	for (int i = 0; i < n_missing; i++)
	{
		Jsonb *value = member_json(offered, names[i]);

		if (value)
			object_jsonb(&requested, names[i], value);
	}
	return claims_function_merge(claims, object_end(&requested));
}

Jsonb *
claims_function_run(const Client *client, const Grant *grant, const char *scope, const char *target)
{
	const Issuer *issuer = issuer_get(client->issuer);
	PgtcScope list;
	Jsonb *claims;

	if (issuer->claims_function == NULL)
		return NULL;
	strings_to_scope(scope, &list);
	claims = call(issuer->claims_function, client, grant, &list, target);
	if (grant->claims_request == NULL)
		return claims;
	return with_requested(issuer->claims_function, client, grant, &list, target, claims);
}

bool
claims_function_guard(const char *issuer, void (*step)(void *arg), void *arg)
{
	if (issuer_get(issuer)->claims_function)
		return user_function_guard(step, arg);
	step(arg);
	return true;
}

Jsonb *
claims_function_merge(Jsonb *claims, Jsonb *more)
{
	if (claims == NULL || more == NULL)
		return claims ? claims : more;
	return object_concat(claims, more);
}
