/*
 * target.h
 *		What an access token is for: scope and audience, asked for and granted.
 */
#ifndef PGT_TARGET_H
#define PGT_TARGET_H

#include "base/compat.h"

#include "base/errors.h"
#include "core/oauth/scope.h"
#include "tables/client.h"
#include "tables/grant.h"

typedef struct Target
{
	char *scope; /* space-delimited */
	bool openid;
	bool offline_access;
	char **resources;
	int n_resources;
	int access_token_lifetime; /* seconds */
	Jsonb *details; /* beyond scopes (RFC 9396), for its caller to say; NULL: nothing */
} Target;

#define TARGET_OFFLINE (1 << 0) /* a refresh token may come of it */
#define TARGET_NO_USER (1 << 1) /* the subject is the client itself */
#define TARGET_CODE (1 << 2) /* by an authorization request: the console may have its scopes */

/* as StringsNth */
extern const char *target_protocol_scope(int n);

/*
 * What a person lets a client do with the account itself, at endpoints of ours.  A word
 * that no API can have for a scope of its own: it means the same with every issuer, and
 * something where the issuer is the audience, and nowhere else.
 */
#define TARGET_SESSIONS_SCOPE "pgtoken:sessions"

/* of clients that read what the service measures of itself: of their own, and no user's */
#define TARGET_METRICS_SCOPE "pgtoken:metrics"

/*
 * The resources of a request by the names they are registered under, each once: a
 * client may spell them otherwise (RFC 3986 section 6.2).  In place; what is not
 * registered stays as it is.
 */
extern PgtErr target_resources(const Client *client, char **resources, int *n_resources);

/* the same, and each must be among those that were granted */
extern PgtErr target_within(const Client *client, char **resources, int *n_resources,
							char *const *granted, int n_granted);

/*
 * A scope that was asked for must be among those that there are to give.  What
 * nobody knows, no API and not the client, is no widening: with openid it goes
 * (OpenID Connect Core section 3.1.2.1), otherwise it is refused like the rest.
 */
extern PgtErr target_scope_within(const Client *client, PgtcScope *wanted,
								  const PgtcScope *granted);

/*
 * A first issue: scope within what the client may have (offline_access falls
 * away silently where it may not, OpenID Connect Core section 11, and with openid
 * what nobody knows, section 3.1.2.1; so does without a user what is about one, but
 * not all that was asked for), resources registered and allowed (RFC 8707), each scope meaningful for one of
 * them (RFC 9068 section 3).
 */
extern PgtErr target_for_issue(const Client *client, const char *scope, char **resources,
							   int n_resources, unsigned flags, Target *target);

/*
 * Of the console's scopes those that the subject's access stands for are left.
 * PGT_ERR_CONSOLE_OPERATOR: none is, of those that were asked for.
 */
extern PgtErr target_for_operator(const Client *client, const char *subject, Target *target);

/*
 * A refresh: within what was granted (RFC 6749 section 6, RFC 8707 section 2.2).
 * What the client or the service has lost since then falls away silently.
 */
extern PgtErr target_for_refresh(const Client *client, const Grant *grant, const char *scope,
								 char **resources, int n_resources, Target *target);

#endif /* PGT_TARGET_H */
