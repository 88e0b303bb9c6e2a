/*
 * resource.h
 *		Resources (APIs), cached.
 */
#ifndef PGT_RESOURCE_H
#define PGT_RESOURCE_H

#include "base/compat.h"

#include "base/lifetime.h"
#include "core/base/slice.h"
#include "core/oauth/scope.h"

typedef struct Resource
{
	char *issuer;
	char *resource;
	PgtcSlice normal; /* the one spelling (core/base/uri.h) */
	bool any_scope;
	PgtcScope scope;
	int access_token_lifetime; /* seconds; 0: says nothing */
	bool enabled;
	/* how well a subject must have authenticated */
	char **required_acr; /* any one, or a stronger one */
	int n_required_acr; /* -1: any acr */
	char **required_amr; /* all of them */
	int n_required_amr; /* -1: none */
	Lifetime max_age; /* not given: any */
	bool can_step_up; /* false: a family that does not satisfy it is refused */
	int policy_version;
	char *client_id; /* the resource server as a client; NULL: none */
	bool takes_jwt; /* typ of its access tokens is JWT, not at+jwt */
	struct Resource *next;
} Resource;

/* the resources of all issuers, disabled ones included; valid until the transaction ends */
extern const Resource *resource_list(void);

/* an enabled one; NULL */
extern const Resource *resource_find(const char *issuer, const char *resource);

/*
 * Is JWT the typ of an access token for these, and not at+jwt (RFC 9068)?  Only when
 * each of them says so, a disabled one too: its tokens may be alive.
 */
extern bool resource_all_take_jwt(const char *issuer, const PgtcSlice *names, int n);

/*
 * The name of the enabled one that is spelt like this, or otherwise and the same
 * (RFC 3986 section 6.2); NULL.  Valid until the transaction ends.
 */
extern const char *resource_name(const char *issuer, const char *spelling);

/* does the scope mean something to the resource? */
extern bool resource_has_scope(const Resource *resource, PgtcSlice scope);

#endif /* PGT_RESOURCE_H */
