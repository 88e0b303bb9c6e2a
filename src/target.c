/*
 * target.c
 *		What an access token is for: scope and audience, asked for and granted.
 */
#include "target.h"

#include "glue.h"
#include "core/uri.h"
#include "refused_request.h"
#include "resource.h"

/* scopes that belong to OpenID Connect and not to an API */
static const char *const protocol_scopes[] = {"openid", "offline_access", "profile",
											  "email",	"address",		  "phone"};

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
			 pgt_strings_have(client->resources, client->n_resources, resource)));
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

		if (resource ? resource_has_scope(resource, scope)
					 : is_issuer(client, resources[i]) && !belongs_to_api(client, scope))
			return true;
	}
	return false;
}

static char *
scope_text(const PgtcScope *scope)
{
	PgtcBuf buf;
	char *text;

	pgtc_buf_init(&buf, &pgt_mem);
	pgtc_scope_write(scope, &buf);
	pgtc_buf_append_str(&buf, "");
	pgt_check(pgtc_buf_code(&buf), "writing a scope");
	text = pnstrdup(buf.data ? buf.data : "", buf.len);
	pgtc_buf_free(&buf);
	return text;
}

/* the one scope that is refused, beside those that would have been possible */
static PgtErr
refused_scope(PgtErr err, PgtcSlice scope, const PgtcScope *possible)
{
	return refused(err, "scope", pnstrdup(scope.data, scope.len), scope_text(possible));
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

/* syntax of what was asked for; repeated values count once */
static PgtErr
check_resources(char **resources, int *n_resources)
{
	int n = 0;

	for (int i = 0; i < *n_resources; i++)
	{
		if (pgtc_uri_check_resource(pgtc_slice_str(resources[i])) != PGTC_OK)
			return refused(PGT_ERR_TARGET_MALFORMED, "resource", resources[i], NULL);
		if (pgt_strings_have(resources, n, resources[i]))
			continue;
		if (n == PGTC_AUD_MAX)
			return refused(PGT_ERR_TARGET_MALFORMED, "resource", "too many", NULL);
		resources[n++] = resources[i];
	}
	*n_resources = n;
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
			return refused(PGT_ERR_SCOPE_AMBIGUOUS, "scope", scope_text(scope),
						   psprintf("%s %s", found, resource->resource));
		if (claims_one)
			found = resource->resource;
	}
	target->resources[0] = pstrdup(found ? found : client->issuer);
	return PGT_OK;
}

static void
finish(const Client *client, const PgtcScope *scope, Target *target)
{
	target->scope = scope_text(scope);
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
	PgtErr err;

	if (scope == NULL)
		wanted = client->scope;
	else if (pgtc_scope_parse(pgtc_slice_str(scope), &wanted) != PGTC_OK)
		return refused(PGT_ERR_SCOPE_MALFORMED, "scope", scope, NULL);
	if (!client->offline_access || !(flags & TARGET_OFFLINE))
		pgtc_scope_remove(&wanted, pgtc_slice_str("offline_access"));
	for (size_t i = 0; (flags & TARGET_NO_USER) && i < lengthof(protocol_scopes); i++)
		pgtc_scope_remove(&wanted, pgtc_slice_str(protocol_scopes[i]));
	for (int i = 0; i < wanted.n; i++)
	{
		if (!is_offline_access(wanted.token[i]) && !pgtc_scope_has(&client->scope, wanted.token[i]))
			return refused_scope(PGT_ERR_SCOPE_NOT_ALLOWED, wanted.token[i], &client->scope);
	}

	err = check_resources(resources, &n_resources);
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
	if (err != PGT_OK)
		return err;
	finish(client, &wanted, target);
	return PGT_OK;
}

PgtErr
target_for_refresh(const Client *client, const Grant *grant, const char *scope, char **resources,
				   int n_resources, Target *target)
{
	PgtcScope granted;
	PgtcScope wanted;
	PgtErr err;

	pgt_check(pgtc_scope_parse(pgtc_slice_str(grant->scope), &granted), "reading a scope");
	if (scope == NULL)
		wanted = granted;
	else if (pgtc_scope_parse(pgtc_slice_str(scope), &wanted) != PGTC_OK)
		return refused(PGT_ERR_SCOPE_MALFORMED, "scope", scope, NULL);
	for (int i = 0; i < wanted.n; i++)
	{
		if (!pgtc_scope_has(&granted, wanted.token[i]))
			return refused_scope(PGT_ERR_SCOPE_NOT_GRANTED, wanted.token[i], &granted);
	}

	err = check_resources(resources, &n_resources);
	if (err != PGT_OK)
		return err;
	for (int i = 0; i < n_resources; i++)
	{
		if (!pgt_strings_have(grant->resources, grant->n_resources, resources[i]))
			return refused_of(PGT_ERR_TARGET_NOT_GRANTED, "resource", resources[i],
							  grant->resources, grant->n_resources);
	}
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
	finish(client, &wanted, target);
	return PGT_OK;
}
