/*
 * policy.h
 *		Risk policies, cached.
 */
#ifndef PGT_POLICY_H
#define PGT_POLICY_H

#include "base/compat.h"

#include "core/risk/rules.h"

typedef struct Policy
{
	char *issuer;
	char *policy;
	int version;
	bool shadow;
	PgtcRules rules;
	char **client_ids;
	int n_client_ids; /* -1: all, as in the next three */
	char **resources;
	int n_resources;
	char **grant_types;
	int n_grant_types;
	bool on_refresh;
	bool on_issue;
	bool revoke_on_deny;
	bool allow_on_error;
	int function_timeout; /* milliseconds */
	char **factor_types;
	int n_factor_types;
	struct Policy *next;
} Policy;

/* active and shadow ones of all issuers; valid until the transaction ends */
extern const Policy *policy_list(void);

/* a version in whatever state; NULL when there is none */
extern const Policy *policy_version(const char *issuer, const char *policy, int version);

#endif /* PGT_POLICY_H */
