/*
 * rule_members.h
 *		What members a rule of a policy has in JSON, and reading them.
 */
#ifndef PGT_CORE_RULE_MEMBERS_H
#define PGT_CORE_RULE_MEMBERS_H

#include "core/base/json_read.h"
#include "core/risk/rules.h"

typedef struct PgtcRuleMember
{
	PgtcRuleKind kind;
	const char *name;
	bool required;
	/* PGTC_E_MALFORMED when the value is not what expected says */
	PgtcCode (*read)(const json_t *value, const PgtcMem *mem, PgtcRule *rule);
	const char *expected;
	/* for who writes rules by a form: integer, number, word, networks, seconds, time, timezone,
	 * days or function; what stands where it is left out; the words it can be */
	const char *form;
	const char *fallback;
	const PgtcName *words;
	int n_words;
} PgtcRuleMember;

/* of all kinds but rule and outcome, in the order they are to be read in; ends with name == NULL */
extern const PgtcRuleMember pgtc_rule_members[];

#endif /* PGT_CORE_RULE_MEMBERS_H */
