/*
 * target.c
 *		What an access token is for: scope and audience, asked for and granted.
 */
#include "tokens/target.h"

#include "datatype/timestamp.h"

#include "base/refused.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uri.h"
#include "core/base/uri_normal.h"
#include "core/jose/claims.h"
#include "core/oauth/scope.h"
#include "tables/console.h"
#include "tables/resource.h"

/* no token may carry it: an application could take it for one that opens the completion of a step-up */
#define RESERVED_SCOPE "mfa_challenge"

/* what the names of those of the console begin with */
#define CONSOLE_SCOPES "pgtoken:"

/* scopes that belong to OpenID Connect and not to an API */
static const char *const protocol_scopes[] = {"openid", "offline_access", "profile",
											  "email",	"address",		  "phone"};

const char *
target_protocol_scope(int n)
{
	return n < (int) lengthof(protocol_scopes) ? protocol_scopes[n] : NULL;
}

static bool
is_protocol_scope(PgtcSlice scope)
{
	for (size_t i = 0; i < lengthof(protocol_scopes); i++)
	{
		if (pgtc_slice_equal(scope, pgtc_slice_str(protocol_scopes[i])))
			return true;
	}
	return false;
}

static bool
is_account_scope(PgtcSlice scope)
{
	return pgtc_slice_equal(scope, pgtc_slice_str(TARGET_SESSIONS_SCOPE));
}

/* which of the console's scopes; -1: none of them */
static int
console_scope_number(PgtcSlice scope)
{
	for (int i = 0; i < CONSOLE_ACCESSES; i++)
	{
		if (pgtc_slice_equal(scope, pgtc_slice_str(console_scope(i))))
			return i;
	}
	return -1;
}

static bool
is_offline_access(PgtcSlice scope)
{
	return pgtc_slice_equal(scope, pgtc_slice_str("offline_access"));
}

/* the issuer itself is the audience where no API is meant (userinfo and the like) */
static bool
is_issuer(const Client *client, const char *resource)
{
	return strcmp(client->issuer, resource) == 0;
}

static bool
resource_allowed(const Client *client, const char *resource)
{
	return is_issuer(client, resource) ||
		   (resource_find(client->issuer, resource) != NULL &&
			(client->n_resources < 0 ||
			 strings_have(client->resources, client->n_resources, resource)));
}

/* of a client that may have all, what is registered is too much to list */
static PgtErr
refused_target(const Client *client, const char *resource)
{
	if (client->n_resources < 0)
		return refused(PGT_ERR_TARGET_NOT_ALLOWED, "resource", resource,
					   "no resource of this name");
	return refused_of(PGT_ERR_TARGET_NOT_ALLOWED, "resource", resource, client->resources,
					  client->n_resources);
}

/* does some API of the client's issuer, disabled ones included, list the scope as its own? */
static bool
belongs_to_api(const Client *client, PgtcSlice scope)
{
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		if (!resource->any_scope && strcmp(resource->issuer, client->issuer) == 0 &&
			resource_has_scope(resource, scope))
			return true;
	}
	return false;
}

/*
 * Does the scope mean something to one of the resources?  To the issuer as
 * audience, whatever no API claims.
 */
static bool
scope_meaningful(const Client *client, PgtcSlice scope, char *const *resources, int n_resources)
{
	if (is_protocol_scope(scope))
		return true;
	for (int i = 0; i < n_resources; i++)
	{
		const Resource *resource = resource_find(client->issuer, resources[i]);

		if (resource ? resource_has_scope(resource, scope) && !is_account_scope(scope)
					 : is_issuer(client, resources[i]) && !belongs_to_api(client, scope))
			return true;
	}
	return false;
}

/* the one scope that is refused, beside those that would have been possible */
static PgtErr
refused_scope(PgtErr err, PgtcSlice scope, const PgtcScope *possible)
{
	return refused(err, "scope", pnstrdup(scope.data, scope.len), strings_of_scope(possible));
}

/* drop what fails the test, or say that something does */
static PgtErr
keep_meaningful(const Client *client, PgtcScope *scope, const Target *target, bool silently)
{
	PgtcScope all = *scope;

	for (int i = 0; i < all.n; i++)
	{
		if (scope_meaningful(client, all.token[i], target->resources, target->n_resources))
			continue;
		if (!silently)
			return refused_of(PGT_ERR_SCOPE_NOT_FOR_RESOURCE, "scope",
							  pnstrdup(all.token[i].data, all.token[i].len), target->resources,
							  target->n_resources);
		pgtc_scope_remove(scope, all.token[i]);
	}
	return PGT_OK;
}

/* is there anybody who knows the scope: this service, or an API of the client's issuer? */
static bool
is_known(const Client *client, PgtcSlice scope)
{
	return is_protocol_scope(scope) || is_account_scope(scope) ||
		   pgtc_slice_equal(scope, pgtc_slice_str(RESERVED_SCOPE)) ||
		   console_scope_number(scope) >= 0 || belongs_to_api(client, scope);
}

/* the name that is registered for what is spelt like this, or the spelling itself */
static char *
registered_name(const Client *client, char *resource)
{
	const char *name;

	if (is_issuer(client, resource))
		return resource;
	name = resource_name(client->issuer, resource);
	if (name == NULL && pgtc_uri_normal_same(pgtc_slice_str(client->issuer), //
											 pgtc_slice_str(resource)))
		name = client->issuer;
	return name ? pstrdup(name) : resource;
}

PgtErr
target_resources(const Client *client, char **resources, int *n_resources)
{
	int n = 0;

	for (int i = 0; i < *n_resources; i++)
	{
		char *resource;

		if (pgtc_uri_check_resource(pgtc_slice_str(resources[i])) != PGTC_OK)
			return refused(PGT_ERR_TARGET_MALFORMED, "resource", resources[i], NULL);
		resource = registered_name(client, resources[i]);
		if (strings_have(resources, n, resource))
			continue;
		if (n == PGTC_AUD_MAX)
			return refused(PGT_ERR_TARGET_MALFORMED, "resource", "too many", NULL);
		resources[n++] = resource;
	}
	*n_resources = n;
	return PGT_OK;
}

PgtErr
target_within(const Client *client, char **resources, int *n_resources, char *const *granted,
			  int n_granted)
{
	PgtErr err = target_resources(client, resources, n_resources);

	for (int i = 0; err == PGT_OK && i < *n_resources; i++)
	{
		if (!strings_have(granted, n_granted, resources[i]))
			err = refused_of(PGT_ERR_TARGET_NOT_GRANTED, "resource", resources[i], granted,
							 n_granted);
	}
	return err;
}

/* what is about a user, of a client that asks for itself; offline_access of one that may not have it */
static void
drop_pointless(const Client *client, PgtcScope *scope, unsigned flags)
{
	if (!client->offline_access || !(flags & TARGET_OFFLINE))
		pgtc_scope_remove(scope, pgtc_slice_str("offline_access"));
	for (size_t i = 0; (flags & TARGET_NO_USER) && i < lengthof(protocol_scopes); i++)
		pgtc_scope_remove(scope, pgtc_slice_str(protocol_scopes[i]));
	if (flags & TARGET_NO_USER)
		pgtc_scope_remove(scope, pgtc_slice_str(TARGET_SESSIONS_SCOPE));
}

/* what was asked for must be the client's; what nobody knows falls away with openid */
static PgtErr
check_scope(const Client *client, PgtcScope *wanted)
{
	PgtcScope all = *wanted;
	bool openid = pgtc_scope_has_str(wanted, "openid");

	for (int i = 0; i < all.n; i++)
	{
		if (is_offline_access(all.token[i]) || pgtc_scope_has(&client->scope, all.token[i]))
			continue;
		if (is_known(client, all.token[i]))
			return refused_scope(PGT_ERR_SCOPE_NOT_ALLOWED, all.token[i], &client->scope);
		if (!openid)
			return refused_scope(PGT_ERR_SCOPE_UNKNOWN, all.token[i], &client->scope);
		pgtc_scope_remove(wanted, all.token[i]);
	}
	return PGT_OK;
}

/* it is the client of its issuer's console, which asks by an authorization request */
static bool
is_console(const Client *client, unsigned flags)
{
	return (flags & TARGET_CODE) && console_is(client->issuer, client->client_id);
}

/* nobody else may have its scopes, whatever the rows of clients and APIs say */
static PgtErr
check_console(const Client *client, PgtcScope *scope, unsigned flags, bool silently)
{
	PgtcScope all = *scope;

	for (int i = 0; i < all.n; i++)
	{
		if (console_scope_number(all.token[i]) < 0)
			continue;
		if (is_console(client, flags))
			return PGT_OK;
		if (!silently)
			return refused_scope(PGT_ERR_SCOPE_NOT_ALLOWED, all.token[i], &client->scope);
		pgtc_scope_remove(scope, all.token[i]);
	}
	return PGT_OK;
}

/* the scope of a first issue, before it is known for which API; NULL: all that the client may have */
static PgtErr
read_scope(const Client *client, const char *scope, unsigned flags, PgtcScope *out)
{
	PgtcScope asked;
	PgtErr err;

	*out = client->scope;
	if (scope == NULL)
	{
		drop_pointless(client, out, flags);
		return check_console(client, out, flags, true);
	}
	if (pgtc_scope_parse(pgtc_slice_str(scope), &asked) != PGTC_OK)
		return refused(PGT_ERR_SCOPE_MALFORMED, "scope", scope, NULL);
	*out = asked;
	err = check_scope(client, out);
	if (err == PGT_OK)
		err = check_console(client, out, flags, false);
	if (err != PGT_OK)
		return err;
	drop_pointless(client, out, flags);
	/* a token that opens nothing, and an answer that says it went well, help nobody */
	if ((flags & TARGET_NO_USER) && out->n == 0 && asked.n > 0)
		return refused_scope(PGT_ERR_SCOPE_NO_USER, asked.token[0], &client->scope);
	return PGT_OK;
}

PgtErr
target_scope_within(const Client *client, PgtcScope *wanted, const PgtcScope *granted)
{
	PgtcScope all = *wanted;
	bool openid = pgtc_scope_has_str(wanted, "openid");

	for (int i = 0; i < all.n; i++)
	{
		if (pgtc_scope_has(granted, all.token[i]))
			continue;
		if (!openid || is_known(client, all.token[i]) ||
			pgtc_scope_has(&client->scope, all.token[i]))
			return refused_scope(PGT_ERR_SCOPE_NOT_GRANTED, all.token[i], granted);
		pgtc_scope_remove(wanted, all.token[i]);
	}
	return PGT_OK;
}

/*
 * No resource was asked for: the client's default, else the one API that the
 * scopes belong to, else the issuer.
 */
static PgtErr
default_resource(const Client *client, const PgtcScope *scope, Target *target)
{
	const char *found = NULL;

	target->n_resources = 1;
	target->resources = palloc(sizeof(char *));
	if (client->n_resources > 0 && resource_allowed(client, client->resources[0]))
	{
		target->resources[0] = client->resources[0];
		return PGT_OK;
	}
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		bool claims_one = false;

		if (resource->any_scope || strcmp(resource->issuer, client->issuer) != 0 ||
			!resource_allowed(client, resource->resource))
			continue;
		for (int i = 0; i < scope->n; i++)
			claims_one = claims_one || (!is_protocol_scope(scope->token[i]) &&
										pgtc_scope_has(&resource->scope, scope->token[i]));
		if (claims_one && found)
			return refused(PGT_ERR_SCOPE_AMBIGUOUS, "scope", strings_of_scope(scope),
						   psprintf("%s %s", found, resource->resource));
		if (claims_one)
			found = resource->resource;
	}
	target->resources[0] = pstrdup(found ? found : client->issuer);
	return PGT_OK;
}

/* written: the scope's text, where it is there already */
static void
finish(const Client *client, const PgtcScope *scope, char *written, Target *target)
{
	target->scope = written ? written : strings_of_scope(scope);
	target->openid = pgtc_scope_has_str(scope, "openid");
	target->offline_access = pgtc_scope_has_str(scope, "offline_access");

	target->access_token_lifetime = client->access_token_lifetime;
	for (int i = 0; i < target->n_resources; i++)
	{
		const Resource *resource = resource_find(client->issuer, target->resources[i]);

		if (resource && resource->access_token_lifetime > 0)
			target->access_token_lifetime =
				Min(target->access_token_lifetime, resource->access_token_lifetime);
	}
}

PgtErr
target_for_issue(const Client *client, const char *scope, char **resources, int n_resources,
				 unsigned flags, Target *target)
{
	PgtcScope wanted;
	PgtErr err = read_scope(client, scope, flags, &wanted);

	if (err == PGT_OK)
		err = target_resources(client, resources, &n_resources);
	if (err != PGT_OK)
		return err;
	target->resources = resources;
	target->n_resources = n_resources;
	for (int i = 0; i < n_resources; i++)
	{
		if (!resource_allowed(client, resources[i]))
			return refused_target(client, resources[i]);
	}
	if (n_resources == 0)
	{
		err = default_resource(client, &wanted, target);
		if (err != PGT_OK)
			return err;
	}
	err = keep_meaningful(client, &wanted, target, scope == NULL);
	if (err == PGT_OK)
		finish(client, &wanted, NULL, target);
	return err;
}

PgtErr
target_for_operator(const Client *client, const char *subject, Target *target)
{
	PgtcScope all;
	PgtcScope scope;
	ConsoleAccess access;
	bool found = false;

	if (strstr(target->scope, CONSOLE_SCOPES) == NULL)
		return PGT_OK;
	strings_to_scope(target->scope, &all);
	scope = all;
	for (int i = 0; i < all.n; i++)
	{
		int number = console_scope_number(all.token[i]);

		if (number < 0)
			continue;
		if (!found && !console_access_of(client->issuer, subject, &access))
			return PGT_ERR_CONSOLE_OPERATOR;
		found = true;
		if (!console_access_includes(access, (ConsoleAccess) number))
			pgtc_scope_remove(&scope, all.token[i]);
	}
	for (int i = 0; i < scope.n; i++)
	{
		if (console_scope_number(scope.token[i]) >= 0)
			found = false;
	}
	if (found)
		return PGT_ERR_CONSOLE_OPERATOR;
	target->scope = strings_of_scope(&scope);
	return PGT_OK;
}

/* what was taken away from the family by name is nothing that its client could know */
static PgtErr
drop_taken(PgtcScope *wanted, const PgtcScope *granted)
{
	PgtcScope all = *wanted;

	for (int i = 0; i < all.n; i++)
	{
		if (!pgtc_scope_has(granted, all.token[i]))
			pgtc_scope_remove(wanted, all.token[i]);
	}
	return wanted->n > 0 || all.n == 0
			   ? PGT_OK
			   : refused_scope(PGT_ERR_SCOPE_NOT_GRANTED, all.token[0], granted);
}

PgtErr
target_for_refresh(const Client *client, const Grant *grant, const char *scope, char **resources,
				   int n_resources, Target *target)
{
	PgtcScope granted;
	PgtcScope wanted;
	PgtErr err;
	bool all;

	strings_to_scope(grant->scope, &granted);
	if (scope == NULL)
		wanted = granted;
	else if (pgtc_scope_parse(pgtc_slice_str(scope), &wanted) != PGTC_OK)
		return refused(PGT_ERR_SCOPE_MALFORMED, "scope", scope, NULL);
	err = PGT_OK;
	if (scope)
		err = TIMESTAMP_IS_NOBEGIN(grant->changed_at)
				  ? target_scope_within(client, &wanted, &granted)
				  : drop_taken(&wanted, &granted);
	if (err == PGT_OK)
		err = target_within(client, resources, &n_resources, grant->resources, grant->n_resources);
	if (err != PGT_OK)
		return err;
	if (n_resources == 0)
	{
		resources = grant->resources;
		n_resources = grant->n_resources;
	}

	/* what an administrator has taken away since */
	target->resources = palloc(sizeof(char *) * n_resources);
	target->n_resources = 0;
	for (int i = 0; i < n_resources; i++)
	{
		if (resource_allowed(client, resources[i]))
			target->resources[target->n_resources++] = resources[i];
	}
	if (target->n_resources == 0)
		return PGT_ERR_TARGET_NOT_GRANTED;
	for (int i = 0; i < granted.n; i++)
	{
		if (!is_offline_access(granted.token[i]) &&
			!pgtc_scope_has(&client->scope, granted.token[i]))
			pgtc_scope_remove(&wanted, granted.token[i]);
	}
	(void) keep_meaningful(client, &wanted, target, true);
	/* all of it, as it stands there */
	all = scope == NULL && wanted.n == granted.n;
	finish(client, &wanted, all ? grant->scope : NULL, target);
	return PGT_OK;
}
