/*
 * import_family.c
 *		Use case: a session that began at another server goes on here.
 *
 * The subject has signed in there, and nothing is handed out: what is written is what a
 * first issue would have left behind, so that all that follows is as ever.  The jti of
 * its row in the ledger is that of no token.
 */
#include "operations/import_family.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/random.h"
#include "base/session_lock.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/oauth/jti.h"
#include "core/oauth/scope.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/imported_token.h"
#include "tables/issuer.h"
#include "tables/lineage.h"
#include "tables/not_before.h"
#include "tables/registration.h"
#include "tables/signing_key.h"
#include "tables/status_index.h"
#include "tables/subject_block.h"
#include "tokens/target.h"

#define GRANT_TYPE_IMPORT "import"

static void
refuse(const char *why, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the session is not imported: %s", why), detail ? errdetail("%s", detail) : 0));
}

static const Client *
require_client(const char *client_id, const char *issuer)
{
	const Client *client = client_find(client_id);

	if (client == NULL)
		refuse("there is no such client", psprintf("The client is \"%s\".", client_id));
	if (issuer && strcmp(client->issuer, issuer) != 0)
		refuse("the client of this name is another issuer's",
			   psprintf("The client is \"%s\".", client_id));
	if (!client->enabled)
		refuse("the client is switched off", psprintf("The client is \"%s\".", client_id));
	return client;
}

/* by name: a first issue would leave out what nobody knows */
static void
require_scope(const Client *client, const char *text)
{
	PgtcScope scope;

	if (pgtc_scope_parse(pgtc_slice_str(text), &scope) != PGTC_OK)
		refuse("the scope cannot be read", NULL);
	for (int i = 0; i < scope.n; i++)
	{
		if (!pgtc_scope_has(&client->scope, scope.token[i]) &&
			!pgtc_slice_equal(scope.token[i], pgtc_slice_str("offline_access")))
			refuse(
				"the client may not have one of its scopes",
				psprintf("The scope is \"%.*s\".", (int) scope.token[i].len, scope.token[i].data));
	}
}

static void
require_target(const Client *client, const ImportRequest *request, Target *target)
{
	PgtErr err;

	require_scope(client, request->scope);
	err = target_for_issue(client, request->scope, request->resources, request->n_resources,
						   TARGET_OFFLINE, target);
	if (err != PGT_OK)
		refuse("its scope or audience is not allowed here", errors_info(err)->description);
	if (!client_may_refresh(client, target->scope) ||
		!(target->offline_access || client->session_refresh))
		refuse("the client may have no refresh tokens for this scope",
			   "That takes offline_access in its registration and in the scope, or "
			   "session_refresh.");
}

static TimestampTz
earlier(TimestampTz a, TimestampTz b)
{
	return b == DT_NOBEGIN ? a : Min(a, b);
}

/* the client's limits, and what the source had said: whichever is earlier */
static void
set_ends(const ImportRequest *request, const Client *client, TimestampTz now, Grant *grant)
{
	grant->expires_at = earlier(moment_plus(grant->begun.at, client->refresh_absolute_lifetime),
								request->expires_at);
	grant->idle_lifetime = client->refresh_idle_lifetime;
	grant->rotated_at = earlier(now, request->token_issued_at);
	/* idle time counts from the last use: one that leaves the token its own end */
	grant->rotated_at = earlier(
		grant->rotated_at, request->token_expires_at == DT_NOBEGIN
							   ? DT_NOBEGIN
							   : moment_plus(request->token_expires_at, -grant->idle_lifetime));
	if (grant_refresh_end(grant, grant->rotated_at) <= now)
		refuse("it is over",
			   "By its own end, or by the lifetimes of the client here: see pgtoken.clients.");
}

static void
fill(const ImportRequest *request, const Client *client, const Target *target, TimestampTz now,
	 Grant *grant)
{
	TimestampTz started = request->started_at == DT_NOBEGIN ? now : request->started_at;
	Authentication auth = request->auth;

	if (started > now)
		refuse("it begins in the future", NULL);
	if (auth.auth_time == DT_NOBEGIN)
		auth.auth_time = started;
	place_uuid(place_of_subject(auth.subject), &grant->grant_id);
	grant->client_id = client->client_id;
	grant->auth = authentication_begin(&auth, now);
	grant->scope = target->scope;
	grant->resources = target->resources;
	grant->n_resources = target->n_resources;
	grant->cnf = request->cnf;
	grant->context = object_empty();
	grant->first_context = grant->context;
	grant->not_before = DT_NOBEGIN;
	grant->changed_at = DT_NOBEGIN;
	not_before_begin(client, now, &grant->begun);
	grant->begun.at = started;
	grant->grant_type = GRANT_TYPE_IMPORT;
	set_ends(request, client, now, grant);
}

static void
require_subject(const Client *client, const Grant *grant)
{
	if (subject_block_holds(client->issuer, grant->auth.subject))
		refuse("its subject is blocked", NULL);
	if (not_before_since(client, grant->auth.subject, grant->begun.at))
		refuse("what began then is refused by a not_before", NULL);
}

/* that of no token: nothing was signed for it, and it says itself that it is over */
static char *
jti_of(const Grant *grant)
{
	char *written = palloc(PGTC_JTI_LEN + 1);
	PgtcJti jti = {.generation = 0};

	memcpy(jti.grant_id, grant->grant_id.data, PGTC_UUID_LEN);
	random_public(jti.random, sizeof(jti.random));
	pgtc_jti_write(&jti, written);
	return written;
}

static void
record(const ImportRequest *request, const Client *client, const Target *target, TimestampTz now,
	   const Grant *grant)
{
	const PgtcAlg *alg = client->alg ? client->alg : issuer_get(client->issuer)->default_alg;
	Object detail;

	grant_insert(grant);
	lineage_insert(&(LineageRow){.grant_id = &grant->grant_id,
								 .client_id = grant->client_id,
								 .subject = grant->auth.subject,
								 .issued_at = now,
								 .parent_generation = -1,
								 .token_hash = grant->current_hash,
								 .jti = jti_of(grant),
								 .kid = signing_key_active(client->issuer, alg)->kid,
								 .access_expires_at = now,
								 .refresh_expires_at = grant_refresh_end(grant, grant->rotated_at),
								 .scope = target->scope,
								 .resources = target->resources,
								 .n_resources = target->n_resources,
								 .decision = "allow",
								 .context = grant->context});
	object_begin(&detail);
	object_string(&detail, "source", request->source);
	audit_write(&(AuditEvent){.grant_id = &grant->grant_id,
							  .event = "family.imported",
							  .client_id = grant->client_id,
							  .subject = grant->auth.subject,
							  .detail = object_end(&detail)});
}

void
import_family(const ImportRequest *request, pg_uuid_t *grant_id)
{
	const Client *client;
	ImportSource *source;
	Target target = {0};
	Grant grant = {0};
	TimestampTz now;
	AuditScope scope = {
		.client_id = request->client_id, .subject = request->auth.subject, .answers = true};
	uint8_t secret[PGTC_SECRET_LEN];

	cache_begin();
	client = require_client(request->client_id, request->issuer);
	require_target(client, request, &target);
	source = imported_source_lock(client->issuer, request->source, request->format);
	session_lock_issue(client->issuer, request->auth.subject, request->auth.session_id);
	now = GetCurrentTimestamp();
	fill(request, client, &target, now, &grant);
	require_subject(client, &grant);
	imported_token_secret(source, request->digest, secret, grant.current_hash);
	pgtc_crypto_wipe(secret, sizeof(secret));
	if (imported_token_family(grant.current_hash, grant_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION), errmsg("the refresh token was imported before"),
				 errdetail("Its family is %s.", strings_of_uuid(grant_id))));
	if (issuer_get(client->issuer)->status_lists)
		status_index_take(issuer_get(client->issuer), grant.auth.subject, now, &grant.status_series,
						  &grant.status_position);
	audit_enter(&scope);
	record(request, client, &target, now, &grant);
	imported_token_insert(&grant.grant_id, source, grant.current_hash, grant.expires_at);
	audit_leave();
	registration_used(client); /* last: whoever waits here holds all else already */
	*grant_id = grant.grant_id;
}

bool
import_family_of(const char *issuer, const char *source, const uint8_t digest[PGTC_SHA256_LEN],
				 pg_uuid_t *grant_id)
{
	ImportSource *found = imported_source_find(issuer, source);
	uint8_t secret[PGTC_SECRET_LEN];
	uint8_t hash[PGTC_SHA256_LEN];

	if (found == NULL)
		return false;
	imported_token_secret(found, digest, secret, hash);
	pgtc_crypto_wipe(secret, sizeof(secret));
	return imported_token_family(hash, grant_id);
}
