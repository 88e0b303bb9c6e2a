/*
 * verify.c
 *		Use cases: does an access token hold now?  What is there to say of a token?
 *
 * Reads only, with the latest snapshot: a revocation that has committed counts,
 * whatever the caller's isolation level, on a standby as soon as it is replayed.
 */
#include "tokens/verify.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/counters.h"
#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/replay_lag.h"
#include "base/shard.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uri_normal.h"
#include "core/base/uuid.h"
#include "core/jose/claims.h"
#include "core/jose/jws.h"
#include "core/oauth/refresh_token.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/lineage.h"
#include "tables/not_before.h"
#include "tables/subject_block.h"
#include "tokens/acting.h"
#include "tokens/genuine.h"
#include "tokens/token_cache.h"

/* our clock made the times we judge, but possibly on another node */
#define LEEWAY 5

/* what the tables say of a token, or of one that it was exchanged from */
typedef struct TokenState
{
	char *client_id;
	char *subject;
	Begun begun;
	TimestampTz not_before;
	bool holds;
	bool exchanged;
	Jsonb *act;
} TokenState;

static void
read_state(StoreRow *row, void *arg)
{
	TokenState *state = arg;

	state->client_id = store_text(row);
	state->subject = store_text(row);
	state->begun.at = store_time(row, DT_NOBEGIN);
	state->not_before = store_time(row, DT_NOBEGIN);
	store_begun(row, &state->begun);
	state->holds = store_bool(row);
}

static void
read_token(StoreRow *row, void *arg)
{
	TokenState *state = arg;

	read_state(row, state);
	state->exchanged = store_bool(row);
	state->act = store_jsonb(row);
}

typedef struct Ancestors
{
	TokenState *state;
	int n;
} Ancestors;

static void
read_ancestor(StoreRow *row, void *arg)
{
	Ancestors *ancestors = arg;

	ancestors->state = ancestors->state
						   ? repalloc(ancestors->state, sizeof(TokenState) * (ancestors->n + 1))
						   : palloc(sizeof(TokenState));
	read_state(row, &ancestors->state[ancestors->n++]);
}

static bool
begun_in_time(const Client *client, const TokenState *state)
{
	return not_before_check(client, state->subject, state->not_before, &state->begun) == PGT_OK;
}

/* an ancestor that is gone stands for nothing */
static StoreQuery token_ancestors_query = STORE_QUERY(
	"token ancestors", STORE_READS_LATEST,
	"SELECT coalesce(a.client_id, ''), a.subject, a.created_at, a.not_before, a.issuer_epoch, "
	"a.client_epoch, a.subject_epoch, "
	"a.grant_id IS NOT NULL AND a.revoked_at IS NULL AND NOT EXISTS (SELECT FROM pgtoken.blacklist b "
	"WHERE b.grant_id" EQ "a.grant_id AND b.token_id" EQ "ANY (g.ancestor_tokens)) "
	"FROM pgtoken.grants g CROSS JOIN pg_catalog.unnest(g.ancestors) u (ancestor) "
	"LEFT JOIN pgtoken.grants a ON a.grant_id" EQ "u.ancestor WHERE g.grant_id" EQ "$1");

/* what a token was exchanged from (RFC 8693) takes it along when it is revoked, blacklisted or too old */
static bool
ancestors_stand(const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};
	Ancestors ancestors = {NULL, 0};

	store_arg_uuid(&args, grant_id);
	store_run(&token_ancestors_query, &args, read_ancestor, &ancestors);
	for (int i = 0; i < ancestors.n; i++)
	{
		const TokenState *state = &ancestors.state[i];
		const Client *client = client_find(state->client_id);

		if (!state->holds || client == NULL || !begun_in_time(client, state))
			return false;
	}
	return true;
}

static StoreQuery token_state_query = STORE_QUERY(
	"token state", STORE_READS_LATEST,
	"SELECT g.client_id, g.subject, g.created_at, g.not_before, g.issuer_epoch, g.client_epoch, "
	"g.subject_epoch, g.revoked_at IS NULL "
	"AND NOT EXISTS (SELECT FROM pgtoken.blacklist b "
	"WHERE b.grant_id" EQ "$1 AND b.token_id" EQ "$2) "
	"AND EXISTS (SELECT FROM pgtoken.tokens t WHERE " LINEAGE_PLACE
	"AND t.issued_at OPERATOR(pg_catalog.>=) $5 AND t.issued_at OPERATOR(pg_catalog.<) $6 "
	"AND t.jti" EQ "$2), g.ancestors IS NOT NULL, g.act "
	"FROM pgtoken.grants g WHERE g.grant_id" EQ "$1");

/*
 * Family there, not revoked and not too old, token in the ledger and not
 * blacklisted, client its own and switched on.  The ledger knows every token
 * that was committed: one that was signed in a transaction that rolled back, or
 * with a stolen key, is not among them.
 */
static bool
token_stands(const GenuineAccessToken *token)
{
	StoreArgs args = {0};
	TokenState state;
	const Client *client;

	store_arg_uuid(&args, &token->grant_id);
	store_arg_text(&args, token->claims->jti.data);
	store_arg_int(&args, token->jti.generation);
	store_arg_int(&args, token->jti.retry);
	store_arg_time(&args, moment_of_unix(token->claims->iat));
	store_arg_time(&args, moment_of_unix(token->claims->iat + 1));
	if (store_run(&token_state_query, &args, read_token, &state) == 0 || !state.holds ||
		!pgtc_slice_equal(token->claims->client_id, pgtc_slice_str(state.client_id)))
		return false;
	/* of what is not forgotten yet its own shard knows the end */
	shard_require_id(&token->grant_id, "the family");
	client = client_find(state.client_id);
	return client && client->enabled && begun_in_time(client, &state) &&
		   !subject_block_holds(client->issuer, state.subject) &&
		   acting_stands(client, &state.begun, state.act) &&
		   (!state.exchanged || ancestors_stand(&token->grant_id));
}

/* a token says what is registered; an API may spell its own name otherwise (RFC 3986 section 6.2) */
static bool
is_audience(const JsonbValue *value, PgtcSlice audience)
{
	return value->type == jbvString &&
		   pgtc_uri_normal_same(pgtc_slice(value->val.string.val, value->val.string.len), audience);
}

bool
verify_audience(Jsonb *claims, const char *audience)
{
	PgtcSlice wanted = pgtc_slice_str(audience);
	JsonbValue value;

	if (getKeyJsonValueFromContainer(&claims->root, "aud", 3, &value) == NULL)
		return false;
	if (value.type != jbvBinary)
		return is_audience(&value, wanted);
	for (uint32 i = 0; i < JsonContainerSize(value.val.binary.data); i++)
	{
		if (is_audience(getIthJsonbValueFromContainer(value.val.binary.data, i), wanted))
			return true;
	}
	return false;
}

/* a bound token is worth nothing to who cannot prove its key (RFC 9449 section 7.1, RFC 8705 section 3) */
static bool
binding_holds(Jsonb *claims, const Confirmation *proved)
{
	Jsonb *cnf = member_json(claims, "cnf");
	Confirmation bound = {NULL, NULL};

	if (cnf == NULL)
		return true;
	bound.jkt = member_string(cnf, "jkt");
	bound.x5t_s256 = member_string(cnf, "x5t#S256");
	return (bound.jkt || bound.x5t_s256) && confirmation_holds(&bound, proved);
}

static Jsonb *
verify_anew(const char *token, size_t len, const uint8_t hash[PGTC_SHA256_LEN], int64 now)
{
	GenuineAccessToken genuine;
	Jsonb *claims;

	cache_stats.token_misses++;
	counters_add(COUNT_TOKEN_MISSES);
	if (!genuine_access_token(pgtc_slice(token, len), &genuine) ||
		pgtc_claims_check_access(genuine.claims, pgtc_slice_str(genuine.key->issuer),
								 pgtc_slice(NULL, 0), now, LEEWAY) != PGTC_OK ||
		!token_stands(&genuine))
		return NULL;
	claims = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(genuine.payload)));
	token_cache_put(hash, claims, genuine.claims->exp);
	return claims;
}

Jsonb *
verify_seen_token(const char *token, size_t len)
{
	uint8_t hash[PGTC_SHA256_LEN];
	const CachedToken *cached;

	if (len > PGTC_JWS_MAX)
		return NULL;
	cache_begin();
	glue_check(pgtc_crypto_sha256(token, len, hash), "hashing a token");
	cached = token_cache_get(hash);
	return cached && moment_unix(GetCurrentTimestamp()) < cached->exp ? cached->claims : NULL;
}

Jsonb *
verify_access_token(const char *token, size_t len, const char *audience, const Confirmation *proved)
{
	int64 now = moment_unix(GetCurrentTimestamp());
	uint8_t hash[PGTC_SHA256_LEN];
	const CachedToken *cached;
	Jsonb *claims;

	if (len > PGTC_JWS_MAX)
		return NULL;
	replay_lag_check();
	cache_begin();
	glue_check(pgtc_crypto_sha256(token, len, hash), "hashing a token");
	cached = token_cache_get(hash);
	if (cached)
		claims = now < cached->exp ? cached->claims : NULL;
	else
		claims = verify_anew(token, len, hash, now);
	return claims && (audience == NULL || verify_audience(claims, audience)) &&
				   (proved == NULL || binding_holds(claims, proved))
			   ? claims
			   : NULL;
}

/* the members of RFC 7662 section 2.2 that the token itself carries, with its values */
static Jsonb *
describe_access_token(Jsonb *claims)
{
	static const char *const members[] = {
		"scope", "client_id", "sub",	   "aud",
		"iss",	 "jti",		  "exp",	   "iat",
		"acr",	 "amr",		  "auth_time", "grant_id",
		"sid",	 "cnf",		  "act",	   "authorization_details"};
	Object object;
	JsonbValue value;

	object_begin(&object);
	object_bool(&object, "active", true);
	object_string(&object, "token_type",
				  member_string(member_json(claims, "cnf"), "jkt") ? "DPoP" : "Bearer");
	for (size_t i = 0; i < lengthof(members); i++)
	{
		if (getKeyJsonValueFromContainer(&claims->root, members[i], strlen(members[i]), &value))
			object_value(&object, members[i], &value);
	}
	return object_end(&object);
}

/* only the current refresh token of a living family can be used as it is */
static const Grant *
usable_refresh_token(const char *token, const Client **client)
{
	PgtcRefreshToken parsed;
	TimestampTz now = GetCurrentTimestamp();
	pg_uuid_t grant_id;
	const Grant *grant;

	if (!genuine_parse_refresh_token(token, &parsed))
		return NULL;
	memcpy(grant_id.data, parsed.grant_id, PGTC_UUID_LEN);
	grant = grant_read_latest(&grant_id);
	if (grant == NULL || grant->revoked || (int) parsed.generation != grant->generation ||
		grant->generation <= grant->blacklisted_generation ||
		now >= grant_refresh_end(grant, grant->rotated_at) ||
		!genuine_refresh_token(grant, &parsed))
		return NULL;
	*client = client_find(grant->client_id);
	return *client && (*client)->enabled && client_may_refresh(*client, grant->scope) &&
				   !subject_block_holds((*client)->issuer, grant->auth.subject) &&
				   not_before_check(*client, grant->auth.subject, grant->not_before,
									&grant->begun) == PGT_OK
			   ? grant
			   : NULL;
}

static Jsonb *
describe_refresh_token(const Client *client, const Grant *grant)
{
	Object object;

	object_begin(&object);
	object_bool(&object, "active", true);
	object_string(&object, "token_type", "refresh_token");
	object_string(&object, "scope", grant->scope);
	object_string(&object, "client_id", grant->client_id);
	object_string(&object, "sub", client_subject(client, grant->auth.subject));
	object_string(&object, "iss", client->issuer);
	object_int(&object, "iat", moment_unix(grant->rotated_at));
	object_int(&object, "exp", moment_unix(grant_refresh_end(grant, grant->rotated_at)));
	object_string(&object, "grant_id", strings_of_uuid(&grant->grant_id));
	return object_end(&object);
}

Jsonb *
verify_introspect(const char *token)
{
	Jsonb *claims = verify_access_token(token, strlen(token), NULL, NULL);
	const Client *client;
	const Grant *grant;
	Object inactive;

	if (claims)
		return describe_access_token(claims);
	grant = usable_refresh_token(token, &client);
	if (grant)
		return describe_refresh_token(client, grant);
	object_begin(&inactive);
	object_bool(&inactive, "active", false);
	return object_end(&inactive);
}
