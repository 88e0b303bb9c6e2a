/*
 * resource_metadata.c
 *		Where the metadata of an API is (RFC 9728 section 3.1).
 */
#include "http/resource_metadata.h"

#include "base/guc.h"
#include "core/base/uri_normal.h"
#include "core/base/url.h"
#include "tables/resource.h"

#define PATH_LEN (sizeof(RESOURCE_METADATA_PATH) - 1)

bool
resource_metadata_is_place(const char *path)
{
	return strncmp(path, RESOURCE_METADATA_PATH, PATH_LEN) == 0 &&
		   (path[PATH_LEN] == '\0' || path[PATH_LEN] == '/');
}

/* the API that this session stands for, as it is registered; NULL */
static const char *
resource_of_session(const Issuer *issuer)
{
	return guc_http_resource[0] ? resource_name(issuer->issuer, guc_http_resource) : NULL;
}

/* what stands behind the authority of the API's identifier */
static char *
rest_of(const HttpRequest *request)
{
	const char *path = request->path + PATH_LEN;

	return request->query.len > 0
			   ? psprintf("%s?%.*s", path, (int) request->query.len, request->query.data)
			   : pstrdup(path);
}

/* a host and nothing more, or NULL */
static const char *
host_of(const HttpRequest *request)
{
	const char *host = http_request_authority(request);
	PgtcUrl url;

	if (host == NULL || !pgtc_url_split(pgtc_slice_str(psprintf("https://%s", host)), &url) ||
		url.rest.len > 0)
		return NULL;
	return host;
}

/* a proxy says which scheme it was, or it does not */
static const char *
resource_at(const Issuer *issuer, const char *host, const char *rest)
{
	const char *name = resource_name(issuer->issuer, psprintf("https://%s%s", host, rest));

	return name ? name : resource_name(issuer->issuer, psprintf("http://%s%s", host, rest));
}

static bool
has_rest(const char *resource, const char *rest)
{
	PgtcUrl url;

	return pgtc_url_split(pgtc_slice_str(resource), &url) &&
		   pgtc_uri_normal_same(
			   pgtc_slice_str(psprintf("https://x%.*s", (int) url.rest.len, url.rest.data)),
			   pgtc_slice_str(psprintf("https://x%s", rest)));
}

const char *
resource_metadata_resource(const Issuer *issuer, const HttpRequest *request)
{
	const char *host = host_of(request);
	char *rest = rest_of(request);
	const char *name = host ? resource_at(issuer, host, rest) : NULL;

	if (name)
		return name;
	/* a proxy may call this server by a name of its own */
	name = resource_of_session(issuer);
	return name && has_rest(name, rest) ? name : NULL;
}

Issuer *
resource_metadata_issuer(const HttpRequest *request)
{
	Issuer *own = issuer_of_session();

	if (guc_http_issuer[0] || resource_metadata_resource(own, request))
		return own;
	for (const Resource *resource = resource_list(); resource; resource = resource->next)
	{
		Issuer *issuer = resource->enabled ? issuer_find(resource->issuer) : NULL;

		if (issuer && resource_metadata_resource(issuer, request))
			return issuer;
	}
	return own;
}

const char *
resource_metadata_url(void)
{
	const char *name;
	PgtcUrl url;
	const char *rest;

	if (guc_http_resource_metadata[0])
		return guc_http_resource_metadata;
	/* before the issuer is asked for: who has no API needs none */
	name = guc_http_resource[0] ? resource_of_session(issuer_of_session()) : NULL;
	if (name == NULL || !pgtc_url_split(pgtc_slice_str(name), &url))
		return NULL;
	/* a slash that stands for an empty path is left out */
	rest = name + strlen(name) - url.rest.len;
	if (rest[0] == '/' && (rest[1] == '\0' || rest[1] == '?'))
		rest++;
	return psprintf("%.*s%s%s", (int) (strlen(name) - url.rest.len), name, RESOURCE_METADATA_PATH,
					rest);
}
