/*
 * assess.h
 *		What is to be thought of a request: its risk by the policies, and whether
 *		its subject has authenticated well enough for the APIs it is about.
 */
#ifndef PGT_ASSESS_H
#define PGT_ASSESS_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "core/risk/rules.h"
#include "tables/authentication.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/policy.h"

typedef struct AssessedRequest
{
	const Client *client;
	const Grant *grant; /* the family; of a first issue, the one that it would start */
	bool first_issue;
	bool retry;
	const char *scope; /* of the access token asked for, as the next */
	char **resources;
	int n_resources;
	const Requirement *asked; /* by the request itself; NULL: nothing */
	Jsonb *context;
	TimestampTz now;
	const char *factor_type; /* a factor that was proved for it; NULL: none */
	TimestampTz
		proved_at; /* when; the request went on later, but that is when its user was there */
} AssessedRequest;

typedef struct Assessment
{
	PgtcDecision decision;
	bool
		insufficient; /* denied: how the subject has authenticated is not enough, and no step-up may mend it */
	bool revoke; /* denied by a policy that ends the family */
	Requirement *requirements; /* all that a step-up must satisfy */
	int n_requirements;
	char **factor_types; /* that satisfy every policy which asks for one */
	int n_factor_types; /* -1: any */
	Jsonb *record; /* for the audit; NULL: nothing was to be looked at */
	Jsonb *personal; /* what the record leaves out, as it tells of a person; NULL: nothing */
} Assessment;

/* what the APIs of the request and the request itself ask of its subject's authentication */
extern int assess_requirements(const AssessedRequest *request, Requirement **out);

extern void assess_request(const AssessedRequest *request, Assessment *out);

/* what one policy, in whatever state, thinks of a request, real or recorded; NULL: it does not judge such requests */
extern Jsonb *assess_policy(const Policy *policy, const AssessedRequest *request,
							PgtcDecision *decision);

#endif /* PGT_ASSESS_H */
