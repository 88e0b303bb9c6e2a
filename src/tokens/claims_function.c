/*
 * claims_function.c
 *		Claims of a subject, by the application's own SQL function.
 */
#include "tokens/claims_function.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/object.h"
#include "base/request.h"
#include "base/strings.h"
#include "base/user_function.h"
#include "core/oauth/scope.h"
#include "tables/issuer.h"

static Datum
scope_array(const char *scope)
{
	PgtcScope list;

	strings_to_scope(scope, &list);
	return PointerGetDatum(strings_to_array(strings_in_scope(&list), list.n));
}

Jsonb *
claims_function_run(const Client *client, const Grant *grant, const char *scope, const char *target)
{
	const Issuer *issuer = issuer_get(client->issuer);
	const Oid types[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum args[4];
	Jsonb *claims;

	if (issuer->claims_function == NULL)
		return NULL;
	args[0] = CStringGetTextDatum(grant->auth.subject);
	args[1] = CStringGetTextDatum(client->client_id);
	args[2] = scope_array(scope);
	args[3] = CStringGetTextDatum(target);
	claims = user_function_call(issuer->claims_function, lengthof(types), types, args);
	return claims ? request_claims(claims) : NULL;
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
