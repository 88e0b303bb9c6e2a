/*
 * resource.c
 *		Resources (APIs), cached by configuration epoch.  The table is small and
 *		read whole.
 */
#include "tables/resource.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uri_normal.h"

static Resource *resources = NULL;
static uint64 resources_number = 0;

static PgtcSlice
normal_of(const char *resource)
{
	char normal[PGTC_URI_NORMAL_MAX];
	size_t len;

	glue_check(pgtc_uri_normal_write(pgtc_slice_str(resource), normal, &len), "reading a resource");
	return pgtc_slice(pnstrdup(normal, len), len);
}

static void
read_resource(StoreRow *row, void *arg)
{
	MemoryContext caller = MemoryContextSwitchTo(cache_context(CACHE_CONFIG));
	Resource *resource = palloc0(sizeof(Resource));
	char *scopes;

	(void) arg;
	resource->issuer = store_text(row);
	resource->resource = store_text(row);
	resource->normal = normal_of(resource->resource);
	scopes = store_text(row);
	resource->any_scope = scopes == NULL;
	if (scopes)
		strings_to_scope(scopes, &resource->scope);
	resource->access_token_lifetime = store_seconds(row, 0);
	resource->enabled = store_bool(row);
	resource->client_id = store_text(row);
	resource->required_acr = store_texts(row, &resource->n_required_acr);
	resource->required_amr = store_texts(row, &resource->n_required_amr);
	resource->max_age = store_lifetime(row);
	resource->can_step_up = store_bool(row);
	resource->policy_version = store_int(row, 0);
	resource->takes_jwt = store_bool(row);
	resource->next = resources;
	resources = resource;
	MemoryContextSwitchTo(caller);
}

static StoreQuery resources_read_query = STORE_QUERY(
	"resources read", STORE_READS_LATEST,
	"SELECT r.issuer, r.resource, pg_catalog.array_to_string(r.scopes, ' '), "
	"r.access_token_lifetime, r.enabled, r.client_id, r.required_acr, r.required_amr, "
	"r.max_age, r.on_insufficient" EQ "'require', r.policy_version, r.access_token_typ" EQ "'JWT' "
	"FROM pgtoken.resources r ORDER BY r.issuer, r.resource");

const Resource *
resource_list(void)
{
	if (resources_number != cache_number(CACHE_CONFIG))
	{
		resources = NULL;
		resources_number = 0;
		store_run(&resources_read_query, NULL, read_resource, NULL);
		resources_number = cache_number(CACHE_CONFIG);
	}
	return resources;
}

const Resource *
resource_find(const char *issuer, const char *name)
{
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		if (resource->enabled && strcmp(resource->resource, name) == 0 &&
			strcmp(resource->issuer, issuer) == 0)
			return resource;
	}
	return NULL;
}

static bool
takes_jwt(const char *issuer, PgtcSlice name)
{
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		if (pgtc_slice_equal(name, pgtc_slice_str(resource->resource)) &&
			strcmp(resource->issuer, issuer) == 0)
			return resource->takes_jwt;
	}
	return false;
}

bool
resource_all_take_jwt(const char *issuer, const PgtcSlice *names, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!takes_jwt(issuer, names[i]))
			return false;
	}
	return n > 0;
}

const char *
resource_name(const char *issuer, const char *spelling)
{
	const Resource *found = resource_find(issuer, spelling);
	char normal[PGTC_URI_NORMAL_MAX];
	size_t len;

	if (found)
		return found->resource;
	if (pgtc_uri_normal_write(pgtc_slice_str(spelling), normal, &len) != PGTC_OK)
		return NULL;
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		if (resource->enabled && strcmp(resource->issuer, issuer) == 0 &&
			pgtc_slice_equal(resource->normal, pgtc_slice(normal, len)))
			return resource->resource;
	}
	return NULL;
}

bool
resource_has_scope(const Resource *resource, PgtcSlice scope)
{
	return resource->any_scope || pgtc_scope_has(&resource->scope, scope);
}
