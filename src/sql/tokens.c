/*
 * tokens.c
 *		SQL-callable functions of tokens: unpack, call one use case, build the
 *		answer.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/cache.h"
#include "base/exec.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/refused.h"
#include "base/request.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/placement.h"
#include "core/base/uuid.h"
#include "core/oauth/route.h"
#include "operations/blacklist.h"
#include "operations/change.h"
#include "operations/impersonation.h"
#include "operations/change.h"
#include "operations/issue.h"
#include "operations/refresh.h"
#include "operations/revoke.h"
#include "sql/argument.h"
#include "sql/once.h"
#include "tables/client.h"
#include "tokens/authorization_details.h"
#include "tokens/response.h"
#include "tokens/token_cache.h"
#include "tokens/verify.h"

PG_FUNCTION_INFO_V1(pgt_answer_event_id);
PG_FUNCTION_INFO_V1(pgt_blacklist_jti);
PG_FUNCTION_INFO_V1(pgt_blacklist_token);
PG_FUNCTION_INFO_V1(pgt_cache_stats_row);
PG_FUNCTION_INFO_V1(pgt_change_family);
PG_FUNCTION_INFO_V1(pgt_grant_of);
PG_FUNCTION_INFO_V1(pgt_introspect);
PG_FUNCTION_INFO_V1(pgt_issue_tokens);
PG_FUNCTION_INFO_V1(pgt_refresh_grant);
PG_FUNCTION_INFO_V1(pgt_revoke_family);
PG_FUNCTION_INFO_V1(pgt_revoke_family_by_token);
PG_FUNCTION_INFO_V1(pgt_shard_of);
PG_FUNCTION_INFO_V1(pgt_shard_of_subject);
PG_FUNCTION_INFO_V1(pgt_shard_of_text);
PG_FUNCTION_INFO_V1(pgt_verify_access_token);

static Datum
issue_tokens_once(PG_FUNCTION_ARGS)
{
	IssueRequest request = {0};
	TokenResponse response = {0};

	request.client_id = argument_required_text(fcinfo, 0, "client_id");
	request.auth = argument_authentication(fcinfo, 1, 4, 8);
	request.scope = argument_non_empty_text(fcinfo, 2);
	request.resources = argument_texts(fcinfo, 3, "resource", 0, &request.n_resources);
	request.nonce = argument_non_empty_text(fcinfo, 7);
	request.context = request_context(argument_jsonb(fcinfo, 10));
	request.cnf = confirmation_of_jsonb(argument_jsonb(fcinfo, 11));
	request.transaction_id = argument_non_empty_text(fcinfo, 12);
	request.auth.details = authorization_details_given(argument_jsonb(fcinfo, 13));
	request.lifespan = argument_lifespan(fcinfo, 14);
	request.grant_type = "issue_tokens";
	request.offline = true;

	request_string(request.nonce, "nonce");
	if (!PG_ARGISNULL(16))
		impersonation_begin(&request, argument_jsonb(fcinfo, 16));

	refused_forget();
	issue_tokens(&request, &response);
	refused_record("issue_tokens", request.client_id, response.err);
	return response_row(fcinfo, &response);
}

Datum
pgt_issue_tokens(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, issue_tokens_once);
}

static Datum
refresh_grant_once(PG_FUNCTION_ARGS)
{
	RefreshRequest request = {0};
	TokenResponse response = {0};

	request.refresh_token = argument_required_text(fcinfo, 0, "refresh_token");
	request.client_id = argument_non_empty_text(fcinfo, 1);
	request.client_secret = argument_non_empty_text(fcinfo, 2);
	request.scope = argument_non_empty_text(fcinfo, 3);
	request.resources = argument_texts(fcinfo, 4, "resource", 0, &request.n_resources);
	request.context = request_context(argument_jsonb(fcinfo, 5));
	request.cnf = confirmation_of_jsonb(argument_jsonb(fcinfo, 6));
	request.transaction_id = argument_non_empty_text(fcinfo, 7);
	request.acr_values = argument_texts(fcinfo, 8, "acr_values", 0, &request.n_acr_values);
	request.max_age = argument_seconds(fcinfo, 9, "max_age");
	request.details = object_text(argument_jsonb(fcinfo, 10));
	request_strings(request.acr_values, request.n_acr_values, "acr_values");

	refused_forget();
	refresh_grant(&request, &response);
	refused_record("refresh_grant", request.client_id, response.err);
	return response_row(fcinfo, &response);
}

Datum
pgt_refresh_grant(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, refresh_grant_once);
}

/* one row when there is one, none otherwise */
static void
put_row(FunctionCallInfo fcinfo, bool there, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	if (there)
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_revoked(FunctionCallInfo fcinfo, bool revoked, RevokedFamily *family, const char *reason)
{
	Datum values[7] = {0};
	bool nulls[7] = {false};

	if (revoked)
	{
		values[0] = UUIDPGetDatum(&family->grant_id);
		values[1] = CStringGetTextDatum(family->grant.client_id);
		values[2] = CStringGetTextDatum(family->grant.subject);
		values[3] = Int32GetDatum(family->grant.generation);
		nulls[3] = family->grant.generation < 0;
		values[4] = Int32GetDatum(family->access_tokens);
		values[5] = TimestampTzGetDatum(family->revoked_at);
		values[6] = CStringGetTextDatum(reason ? reason : REVOKE_REASON_DEFAULT);
	}
	put_row(fcinfo, revoked, values, nulls);
}

static Datum
revoke_family_once(PG_FUNCTION_ARGS)
{
	RevokedFamily family;
	char *reason = argument_text(fcinfo, 1);

	glue_require(!PG_ARGISNULL(0), "grant_id");
	request_string(reason, "reason");
	put_revoked(fcinfo, revoke_family(PG_GETARG_UUID_P(0), reason, &family), &family, reason);
	return (Datum) 0;
}

Datum
pgt_revoke_family(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, revoke_family_once);
}

static Datum
revoke_family_by_token_once(PG_FUNCTION_ARGS)
{
	RevokedFamily family;
	char *token = argument_required_text(fcinfo, 0, "token");
	char *reason = argument_text(fcinfo, 1);

	request_string(reason, "reason");
	put_revoked(fcinfo, revoke_family_of(token, reason, &family), &family, reason);
	return (Datum) 0;
}

Datum
pgt_revoke_family_by_token(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, revoke_family_by_token_once);
}

static Datum
change_family_once(PG_FUNCTION_ARGS)
{
	ChangedFamily changed = {0};
	FamilyChange change = {.scope = argument_text(fcinfo, 2), .reason = argument_text(fcinfo, 4)};
	Datum values[7] = {0};
	bool nulls[7] = {false};
	bool done;

	glue_require(!PG_ARGISNULL(0), "grant_id");
	glue_require(!PG_ARGISNULL(3), "at_once");
	change.at_once = PG_GETARG_BOOL(3);
	if (!PG_ARGISNULL(1))
		change.claims = request_claims(argument_jsonb(fcinfo, 1));
	request_string(change.reason, "reason");
	if (change.claims == NULL && change.scope == NULL && !change.at_once)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is nothing to change"),
				 errhint("Give claims, scope or at_once => true.")));
	done = change_family(PG_GETARG_UUID_P(0), &change, &changed);
	if (done)
	{
		values[0] = UUIDPGetDatum(&changed.grant->grant_id);
		values[1] = CStringGetTextDatum(changed.grant->client_id);
		values[2] = CStringGetTextDatum(changed.grant->auth.subject);
		values[3] = CStringGetTextDatum(changed.grant->scope);
		values[4] = BoolGetDatum(changed.refreshable);
		values[5] = Int32GetDatum(changed.access_tokens);
		values[6] = TimestampTzGetDatum(changed.grant->changed_at);
	}
	put_row(fcinfo, done, values, nulls);
	return (Datum) 0;
}

Datum
pgt_change_family(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, change_family_once);
}

static void
put_blacklisted(FunctionCallInfo fcinfo, bool done, BlacklistedToken *token)
{
	Datum values[4] = {0};
	bool nulls[4] = {false};

	if (done)
	{
		values[0] = UUIDPGetDatum(&token->grant_id);
		values[1] = CStringGetTextDatum(token->token_type);
		values[2] = CStringGetTextDatum(token->token_id);
		values[3] = TimestampTzGetDatum(token->expires_at);
	}
	put_row(fcinfo, done, values, nulls);
}

static Datum
blacklist_token_once(PG_FUNCTION_ARGS)
{
	BlacklistedToken blacklisted;
	char *token = argument_required_text(fcinfo, 0, "token");
	char *reason = argument_text(fcinfo, 1);

	request_string(reason, "reason");
	put_blacklisted(fcinfo, blacklist_token(token, reason, &blacklisted), &blacklisted);
	return (Datum) 0;
}

Datum
pgt_blacklist_token(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, blacklist_token_once);
}

static Datum
blacklist_jti_once(PG_FUNCTION_ARGS)
{
	BlacklistedToken blacklisted;
	char *jti = argument_required_text(fcinfo, 0, "jti");
	char *reason = argument_text(fcinfo, 2);

	glue_require(!PG_ARGISNULL(1), "expires_at");
	request_string(reason, "reason");
	put_blacklisted(fcinfo, blacklist_jti(jti, PG_GETARG_TIMESTAMPTZ(1), reason, &blacklisted),
					&blacklisted);
	return (Datum) 0;
}

Datum
pgt_blacklist_jti(PG_FUNCTION_ARGS)
{
	return once_run(fcinfo, blacklist_jti_once);
}

Datum
pgt_verify_access_token(PG_FUNCTION_ARGS)
{
	text *token;
	Confirmation cnf;
	Jsonb *claims;
	Jsonb *copy;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	token = PG_GETARG_TEXT_PP(0);
	cnf = confirmation_of_jsonb(argument_jsonb(fcinfo, 2));
	claims = verify_access_token(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token),
								 argument_text(fcinfo, 1), &cnf);
	if (claims == NULL)
		PG_RETURN_NULL();
	copy = palloc(VARSIZE(claims)); /* the original is the cache's */
	memcpy(copy, claims, VARSIZE(claims));
	PG_RETURN_JSONB_P(copy);
}

Datum
pgt_introspect(PG_FUNCTION_ARGS)
{
	char *token = argument_text(fcinfo, 0);

	PG_RETURN_JSONB_P(verify_introspect(token ? token : ""));
}

/* the same of the same row for ever, on every machine */
Datum
pgt_answer_event_id(PG_FUNCTION_ARGS)
{
	const PgtcSlice jti = strings_slice(PG_GETARG_TEXT_PP(1));
	pg_uuid_t *event_id = palloc(sizeof(pg_uuid_t));
	uint8_t hash[PGTC_SHA256_LEN];

	glue_check(pgtc_crypto_sha256(jti.data, jti.len, hash), "hashing a jti");
	pgtc_uuid_make((uint64_t) moment_unix_us(PG_GETARG_TIMESTAMPTZ(0)), hash, event_id->data);
	PG_RETURN_UUID_P(event_id);
}

Datum
pgt_grant_of(PG_FUNCTION_ARGS)
{
	pg_uuid_t *grant_id = palloc(sizeof(pg_uuid_t));

	if (pgtc_route_grant_id(strings_slice(PG_GETARG_TEXT_PP(0)), &glue_mem, grant_id->data) !=
		PGTC_OK)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(grant_id);
}

Datum
pgt_shard_of(PG_FUNCTION_ARGS)
{
	uint32_t shard;

	glue_check(pgtc_placement_shard(PG_GETARG_UUID_P(0)->data, argument_shards(fcinfo, 1), &shard),
			   "hashing a grant_id");
	PG_RETURN_INT32((int32) shard);
}

Datum
pgt_shard_of_text(PG_FUNCTION_ARGS)
{
	uint32_t shard;

	if (pgtc_route_shard(strings_slice(PG_GETARG_TEXT_PP(0)), &glue_mem, argument_shards(fcinfo, 1),
						 &shard) != PGTC_OK)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) shard);
}

Datum
pgt_shard_of_subject(PG_FUNCTION_ARGS)
{
	uint32 shards = argument_shards(fcinfo, 1);

	PG_RETURN_INT32((int32) (place_of_subject(text_to_cstring(PG_GETARG_TEXT_PP(0))) % shards));
}

Datum
pgt_cache_stats_row(PG_FUNCTION_ARGS)
{
	const CacheSize tokens = token_cache_size();
	const CacheSize clients = client_cache_size();
	const struct
	{
		const char *name;
		int64 value;
	} rows[] = {
		{"key_parses", cache_stats.key_parses},
		{"tokens", tokens.entries},
		{"token_hits", cache_stats.token_hits},
		{"token_misses", cache_stats.token_misses},
		{"clients", clients.entries},
		{"config_resets", cache_stats.config_resets},
		{"revocation_resets", cache_stats.revocation_resets},
		{"token_bytes", tokens.bytes},
		{"client_bytes", clients.bytes},
		{"configuration_bytes", cache_configuration_size()},
		{"limit_bytes", (int64) guc_cache_memory * 1024},
		{"plan_bytes", store_plans_size()},
		{"row_operations", exec_stats.done},
		{"row_statements", exec_stats.left},
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (size_t i = 0; i < lengthof(rows); i++)
	{
		Datum values[2] = {CStringGetTextDatum(rows[i].name), Int64GetDatum(rows[i].value)};
		bool nulls[2] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
