/*
 * rule_evaluation.h
 *		The rules of one policy on one request, real or recorded.
 */
#ifndef PGT_RULE_EVALUATION_H
#define PGT_RULE_EVALUATION_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/risk/risk.h"
#include "core/risk/rules.h"

/* a request as the rules see it */
typedef struct RiskCase
{
	const pg_uuid_t *grant_id;
	const char *client_id;
	const char *subject;
	const char *grant_type;
	char **resources;
	int n_resources;
	Jsonb *context;
	Jsonb *last_context; /* NULL: a first issue, as the next */
	Jsonb *first_context;
	Jsonb *act; /* who acts for the subject; NULL: nobody */
	bool retry;
	TimestampTz at;
	TimestampTz last_at; /* of the last rotation */
	TimestampTz mfa_at; /* DT_NOBEGIN: never */
	int generation; /* the family's current one; -1: not known, or there is none */
	PgtcRiskFacts facts; /* from the above by rule_evaluation_prepare */
} RiskCase;

extern void rule_evaluation_prepare(RiskCase *risk);

/*
 * The riskiest outcome of the rules that fire; *fired becomes the array of them,
 * *reasons that of what each gives as its reason, which tells of a person, *said whether a rule has said so, and not a function failed to say something.
 * Reads at most the ledger of the family; runs functions of the administrator's
 * for at most so many milliseconds each.  Writes nothing.
 */
extern PgtcDecision rule_evaluation_run(const PgtcRules *rules, bool allow_on_error,
										int function_timeout, RiskCase *risk, Jsonb **fired,
										Jsonb **reasons, bool *said);

#endif /* PGT_RULE_EVALUATION_H */
