/*
 * policy.c
 *		Risk policies, cached by configuration epoch.  The table is small and what
 *		is in force is read whole.
 */
#include "tables/policy.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/object.h"
#include "base/store.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/risk/rules.h"

static Policy *policies = NULL;
static uint64 policies_number = 0;
static Policy *versions = NULL; /* that were asked for */
static uint64 versions_number = 0;

static void
read_rules(Policy *policy, Jsonb *json)
{
	char problem[PGTC_PROBLEM_MAX];

	/* the table has checked them; a library older than the rules may know better */
	if (pgtc_rules_read(pgtc_slice_str(object_text(json)), &glue_mem, &policy->rules, problem) !=
		PGTC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rules of policy \"%s\" cannot be read", policy->policy),
				 errdetail_log("%s", problem),
				 errhint("Compare pgtoken.library_version() with the extension's version.")));
}

/* in front of the list */
static void
read_policy(StoreRow *row, void *arg)
{
	Policy **list = arg;
	MemoryContext caller = MemoryContextSwitchTo(cache_context(CACHE_CONFIG));
	Policy *policy = palloc0(sizeof(Policy));

	policy->issuer = store_text(row);
	policy->policy = store_text(row);
	policy->version = store_int(row, 0);
	policy->shadow = store_bool(row);
	read_rules(policy, store_jsonb(row));
	policy->client_ids = store_texts(row, &policy->n_client_ids);
	policy->resources = store_texts(row, &policy->n_resources);
	policy->grant_types = store_texts(row, &policy->n_grant_types);
	policy->on_refresh = store_bool(row);
	policy->on_issue = store_bool(row);
	policy->revoke_on_deny = store_bool(row);
	policy->allow_on_error = store_bool(row);
	policy->function_timeout = store_int(row, 0);
	policy->factor_types = store_texts(row, &policy->n_factor_types);
	policy->next = *list;
	*list = policy;
	MemoryContextSwitchTo(caller);
}

/* as read_policy reads them */
#define POLICIES                                                                                  \
	"SELECT p.issuer, p.policy, p.version, p.state" EQ                                            \
	"'shadow', p.rules, p.client_ids, p.resources, "                                              \
	"p.grant_types, p.on_refresh, p.on_issue, p.on_deny" EQ "'revoke', p.on_error" EQ "'allow', " \
	"pg_catalog.ceil(pg_catalog.date_part('epoch', p.function_timeout) "                          \
	"OPERATOR(pg_catalog.*) 1000)::pg_catalog.int4, p.factor_types FROM pgtoken.policies p WHERE "

static StoreQuery policies_read_query =
	STORE_QUERY("policies read", STORE_READS_LATEST,
				POLICIES "p.state" EQ "'active' OR p.state" EQ "'shadow' "
						 "ORDER BY p.issuer DESC, p.policy DESC, p.version DESC");

static StoreQuery policy_read_query =
	STORE_QUERY("policy read", STORE_READS_LATEST,
				POLICIES "p.issuer" EQ "$1 AND p.policy" EQ "$2 AND p.version" EQ "$3");

const Policy *
policy_list(void)
{
	if (policies_number != cache_number(CACHE_CONFIG))
	{
		policies = NULL;
		policies_number = 0;
		store_run(&policies_read_query, NULL, read_policy, &policies);
		policies_number = cache_number(CACHE_CONFIG);
	}
	return policies;
}

static const Policy *
find_version(const char *issuer, const char *policy, int version)
{
	const Policy *found = versions;

	while (found && (found->version != version || strcmp(found->policy, policy) != 0 ||
					 strcmp(found->issuer, issuer) != 0))
		found = found->next;
	return found;
}

const Policy *
policy_version(const char *issuer, const char *policy, int version)
{
	const Policy *found;
	StoreArgs args = {0};

	if (versions_number != cache_number(CACHE_CONFIG))
		versions = NULL;
	versions_number = cache_number(CACHE_CONFIG);
	found = find_version(issuer, policy, version);
	if (found)
		return found;
	store_arg_text(&args, issuer);
	store_arg_text(&args, policy);
	store_arg_int(&args, version);
	store_run(&policy_read_query, &args, read_policy, &versions);
	return find_version(issuer, policy, version);
}
