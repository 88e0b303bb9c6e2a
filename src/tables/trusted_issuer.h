/*
 * trusted_issuer.h
 *		Issuers of others whose assertions are taken (RFC 7523 section 3), and the
 *		rules by which an assertion becomes a subject with scopes here.
 */
#ifndef PGT_TRUSTED_ISSUER_H
#define PGT_TRUSTED_ISSUER_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/issuer.h"

typedef struct TrustedIssuer
{
	char *iss;
	char *jwks; /* JSON text; NULL: at jwks_uri */
	char *jwks_uri;
	char **audiences; /* that mean us beside our own names */
	int n_audiences;
	int lifetime; /* seconds that an assertion may have left at the most */
	bool single_use; /* an assertion is good for one request */
} TrustedIssuer;

typedef struct AssertionRule
{
	char *rule; /* its name */
	Jsonb *conditions;
	char *subject; /* with claims in braces */
	char **scopes;
	int n_scopes;
	char **resources;
	int n_resources; /* -1: any that the client may ask for */
	char *client_id; /* NULL: whichever has authenticated */
	bool client_authentication; /* false: the assertion stands for the client, too */
	bool persons; /* for their assertions and no others; false: for all others */
} AssertionRule;

/* palloc'd, as all here; NULL: there is none, or it is switched off */
extern TrustedIssuer *trusted_issuer_find(const Issuer *issuer, const char *iss);

/*
 * The first rule, by name, whose conditions the claims fulfil and that is for this client;
 * client_id NULL: the request has named none, and the rule does.  authenticated: has the
 * client proved who it is?  Otherwise only rules count that do not ask for it, each of which
 * names its client.  persons: is the assertion a person's?  NULL: there is none.
 */
extern AssertionRule *trusted_issuer_rule(const Issuer *issuer, const char *iss, Jsonb *claims,
										  const char *client_id, bool authenticated, bool persons);

/* the rule's subject for these claims; NULL: a claim that it names is no text, or it would be none */
extern char *trusted_issuer_subject(const AssertionRule *rule, Jsonb *claims);

#endif /* PGT_TRUSTED_ISSUER_H */
