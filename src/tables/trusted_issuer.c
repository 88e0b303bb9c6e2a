/*
 * trusted_issuer.c
 *		Issuers of others whose assertions are taken, and the rules of what they mean here.
 *
 * Both are read for each assertion: there are few of them, and who takes a trust
 * back means the next request.
 */
#include "tables/trusted_issuer.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "base/member.h"
#include "base/request.h"
#include "base/store.h"
#include "core/base/glob.h"
#include "core/base/slice.h"
#include "core/base/text.h"

static void
read_trusted_issuer(StoreRow *row, void *arg)
{
	TrustedIssuer *trusted = arg;

	trusted->iss = store_text(row);
	trusted->jwks = store_text(row);
	trusted->jwks_uri = store_text(row);
	trusted->audiences = store_texts(row, &trusted->n_audiences);
	trusted->lifetime = store_seconds(row, 0);
	trusted->single_use = store_bool(row);
}

static StoreQuery trusted_issuer_query = STORE_QUERY(
	"trusted issuer", STORE_READS_LATEST,
	"SELECT t.iss, t.jwks::pg_catalog.text, t.jwks_uri, t.audiences, t.assertion_lifetime, "
	"t.single_use FROM pgtoken.trusted_issuers t WHERE t.issuer" EQ "$1 AND t.iss" EQ
	"$2 AND t.enabled");

TrustedIssuer *
trusted_issuer_find(const Issuer *issuer, const char *iss)
{
	TrustedIssuer *trusted = palloc0(sizeof(TrustedIssuer));
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, iss);
	return store_run(&trusted_issuer_query, &args, read_trusted_issuer, trusted) == 1 ? trusted
																					  : NULL;
}

/* --- conditions -------------------------------------------------------------------- */

static bool value_fulfils(JsonbValue *condition, JsonbValue *claim);

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) &&
		   !JsonContainerIsScalar(value->val.binary.data);
}

/* each member of the condition is there, and fulfils it */
static bool
object_fulfils(JsonbContainer *condition, JsonbContainer *claims)
{
	JsonbIterator *iterator = JsonbIteratorInit(condition);
	JsonbIteratorToken token;
	JsonbValue name;
	bool fulfils = true;

	check_stack_depth();
	(void) JsonbIteratorNext(&iterator, &name, true);
	while (fulfils && (token = JsonbIteratorNext(&iterator, &name, true)) == WJB_KEY)
	{
		JsonbValue expected;
		JsonbValue *claim = findJsonbValueFromContainer(claims, JB_FOBJECT, &name);

		(void) JsonbIteratorNext(&iterator, &expected, true);
		fulfils = claim && value_fulfils(&expected, claim);
	}
	return fulfils;
}

typedef bool (*ElementTest)(JsonbValue *element, JsonbValue *other);

static bool
any_element(JsonbValue *array, ElementTest test, JsonbValue *other)
{
	for (uint32 i = 0; i < JsonContainerSize(array->val.binary.data); i++)
	{
		if (test(getIthJsonbValueFromContainer(array->val.binary.data, i), other))
			return true;
	}
	return false;
}

static bool
element_fulfils(JsonbValue *element, JsonbValue *condition)
{
	return !is_array(element) && value_fulfils(condition, element);
}

/* a list of conditions: any one of them; a list of a claim: any one element of it */
static bool
value_fulfils(JsonbValue *condition, JsonbValue *claim)
{
	check_stack_depth();
	if (is_array(condition))
		return any_element(condition, value_fulfils, claim);
	if (is_array(claim))
		return any_element(claim, element_fulfils, condition);
	if (is_object(condition))
		return is_object(claim) &&
			   object_fulfils(condition->val.binary.data, claim->val.binary.data);
	if (condition->type != claim->type)
		return false;
	if (condition->type == jbvString)
		return pgtc_glob_matches(pgtc_slice(condition->val.string.val, condition->val.string.len),
								 pgtc_slice(claim->val.string.val, claim->val.string.len));
	if (condition->type == jbvNumeric)
		return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(condition->val.numeric),
												NumericGetDatum(claim->val.numeric)));
	return condition->type == jbvBool && condition->val.boolean == claim->val.boolean;
}

/* --- rules ------------------------------------------------------------------------- */

typedef struct RuleSearch
{
	Jsonb *claims;
	const char *client_id;
	bool authenticated;
	bool persons;
	AssertionRule *found;
} RuleSearch;

static bool
is_for_client(const AssertionRule *rule, const RuleSearch *search)
{
	if (rule->persons != search->persons || (rule->client_authentication && !search->authenticated))
		return false;
	return search->client_id == NULL || rule->client_id == NULL ||
		   strcmp(rule->client_id, search->client_id) == 0;
}

static void
read_rule(StoreRow *row, void *arg)
{
	RuleSearch *search = arg;
	AssertionRule *rule = palloc0(sizeof(AssertionRule));

	rule->rule = store_text(row);
	rule->conditions = store_jsonb(row);
	rule->subject = store_text(row);
	rule->scopes = store_texts(row, &rule->n_scopes);
	rule->resources = store_texts(row, &rule->n_resources);
	rule->client_id = store_text(row);
	rule->client_authentication = store_bool(row);
	rule->persons = store_bool(row);
	if (search->found == NULL && is_for_client(rule, search) &&
		object_fulfils(&rule->conditions->root, &search->claims->root))
		search->found = rule;
}

static StoreQuery assertion_rules_query = STORE_QUERY(
	"assertion rules", STORE_READS_LATEST,
	"SELECT r.rule, r.conditions, r.sub, r.scopes, r.resources, r.client_id, "
	"r.client_authentication, r.persons FROM pgtoken.assertion_rules r WHERE r.issuer" EQ
	"$1 AND r.iss" EQ "$2 AND r.enabled ORDER BY r.rule");

AssertionRule *
trusted_issuer_rule(const Issuer *issuer, const char *iss, Jsonb *claims, const char *client_id,
					bool authenticated, bool persons)
{
	RuleSearch search = {.claims = claims,
						 .client_id = client_id,
						 .authenticated = authenticated,
						 .persons = persons};
	StoreArgs args = {0};

	store_arg_text(&args, issuer->issuer);
	store_arg_text(&args, iss);
	store_run(&assertion_rules_query, &args, read_rule, &search);
	return search.found;
}

char *
trusted_issuer_subject(const AssertionRule *rule, Jsonb *claims)
{
	PgtcSlice rest = pgtc_slice_str(rule->subject);
	StringInfoData subject;

	initStringInfo(&subject);
	while (rest.len > 0)
	{
		PgtcSlice plain = pgtc_slice_take(&rest, '{');
		PgtcSlice name = pgtc_slice_take(&rest, '}');
		char *claim;

		appendBinaryStringInfo(&subject, plain.data, plain.len);
		if (name.len == 0)
			continue;
		claim = member_string(claims, pnstrdup(name.data, name.len));
		if (claim == NULL || claim[0] == '\0')
			return NULL;
		appendStringInfoString(&subject, claim);
	}
	/* no assertion makes a client of its subject: that is what the client's own credentials are for */
	return subject.len > 0 && subject.len <= SUBJECT_MAX &&
				   pgtc_text_printable(pgtc_slice(subject.data, subject.len)) &&
				   !request_subject_is_client(subject.data)
			   ? subject.data
			   : NULL;
}
