/*
 * blacklist.c
 *		Use case: a single token is refused before its end.
 */
#include "operations/blacklist.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/moment.h"
#include "base/store.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/jti.h"
#include "core/oauth/refresh_token.h"
#include "tables/audit.h"
#include "tables/grant.h"
#include "tables/lineage.h"
#include "tokens/genuine.h"

static StoreQuery blacklist_insert_query = STORE_QUERY(
	"blacklist insert", STORE_WRITES,
	"INSERT INTO pgtoken.blacklist AS b (grant_id, token_id, token_type, reason, expires_at, "
	"created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (grant_id, token_id) "
	"DO UPDATE SET expires_at = EXCLUDED.expires_at, reason = coalesce(EXCLUDED.reason, b.reason) "
	"WHERE b.expires_at OPERATOR(pg_catalog.<) EXCLUDED.expires_at");

/* grant: NULL when the family is not there (any more) */
static bool
insert(const Grant *grant, const char *reason, const BlacklistedToken *token)
{
	const AuditScope scope = {.client_id = grant ? grant->client_id : NULL,
							  .subject = grant ? grant->auth.subject : NULL};
	StoreArgs args = {0};
	bool inserted;

	store_arg_uuid(&args, &token->grant_id);
	store_arg_text(&args, token->token_id);
	store_arg_text(&args, token->token_type);
	store_arg_text(&args, reason);
	store_arg_time(&args, token->expires_at);
	store_arg_time(&args, GetCurrentTimestamp());
	audit_enter(&scope);
	inserted = store_run(&blacklist_insert_query, &args, NULL, NULL) == 1;
	audit_leave();
	return inserted;
}

static bool
blacklist_access_token(const pg_uuid_t *grant_id, const char *jti, TimestampTz expires_at,
					   const char *reason, BlacklistedToken *out)
{
	const Grant *grant = grant_read(grant_id);

	store_make_durable();
	out->grant_id = *grant_id;
	out->token_type = "access_token";
	out->token_id = jti;
	out->expires_at = expires_at;
	return expires_at > GetCurrentTimestamp() && insert(grant, reason, out);
}

static bool
blacklist_refresh_token(const char *token, const char *reason, BlacklistedToken *out)
{
	PgtcRefreshToken parsed;
	Grant *grant = genuine_family_of_refresh_token(token, &parsed);

	if (grant == NULL)
		return false;
	store_make_durable();
	/* the family's row decides, because a rotation of the same token does so too */
	if (!grant_blacklist(&grant->grant_id, parsed.generation, &out->expires_at))
		return false;
	out->grant_id = grant->grant_id;
	out->token_type = "refresh_token";
	out->token_id = psprintf("generation %u", parsed.generation);
	return out->expires_at > GetCurrentTimestamp() && insert(grant, reason, out);
}

bool
blacklist_token(const char *token, const char *reason, BlacklistedToken *out)
{
	GenuineAccessToken access;
	PgtcJti jti;
	pg_uuid_t grant_id;
	TimestampTz expires_at;

	if (pgtc_jti_parse(pgtc_slice_str(token), &jti) == PGTC_OK)
	{
		memcpy(grant_id.data, jti.grant_id, PGTC_UUID_LEN);
		return lineage_expiry(token, &jti, &expires_at) &&
			   blacklist_access_token(&grant_id, token, expires_at, reason, out);
	}
	cache_begin();
	if (genuine_family_of_access_token(token, &access))
		return blacklist_access_token(&access.grant_id, pstrdup(access.claims->jti.data),
									  moment_of_unix(access.claims->exp), reason, out);
	return blacklist_refresh_token(token, reason, out);
}

bool
blacklist_jti(const char *jti, TimestampTz expires_at, const char *reason, BlacklistedToken *out)
{
	PgtcJti parsed;
	pg_uuid_t grant_id;
	TimestampTz latest = moment_plus(GetCurrentTimestamp(), ACCESS_TOKEN_LIFE_MAX);

	if (pgtc_jti_parse(pgtc_slice_str(jti), &parsed) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("this is not a jti of an access token made here"),
						errhint("Give the jti claim of an access token, or the token itself.")));
	memcpy(grant_id.data, parsed.grant_id, PGTC_UUID_LEN);
	return blacklist_access_token(&grant_id, jti, Min(expires_at, latest), reason, out);
}

static StoreQuery blacklist_family_query = STORE_QUERY(
	"blacklist family", STORE_WRITES,
	"INSERT INTO pgtoken.blacklist (grant_id, token_id, token_type, reason, expires_at, "
	"created_at) SELECT t.grant_id, t.jti, 'access_token', $2, t.access_expires_at, $3 "
	"FROM pgtoken.tokens t WHERE t.grant_id" EQ "$1 "
	"AND t.access_expires_at OPERATOR(pg_catalog.>) $3 "
	"AND t.issued_at OPERATOR(pg_catalog.>) $4 ON CONFLICT (grant_id, token_id) DO NOTHING");

int
blacklist_access_tokens_of(const Grant *grant, TimestampTz now, const char *reason)
{
	const AuditScope scope = {.client_id = grant->client_id, .subject = grant->auth.subject};
	StoreArgs args = {0};
	int n;

	store_arg_uuid(&args, &grant->grant_id);
	store_arg_text(&args, reason);
	store_arg_time(&args, now);
	/* older rows need not be looked at */
	store_arg_time(&args, moment_plus(now, -ACCESS_TOKEN_LIFE_MAX));
	audit_enter(&scope);
	n = (int) store_run(&blacklist_family_query, &args, NULL, NULL);
	audit_leave();
	return n;
}
