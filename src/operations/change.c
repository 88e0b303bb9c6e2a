/*
 * change.c
 *		Use case: what a living family's tokens say is changed.
 *
 * The family's row settles who was first, as everywhere.  A refresh that has read it
 * before has signed what was so then: it finds changed_at another one when it comes to
 * store that, and judges again.  One that has stored it is waited for, and its access
 * token is among those that are refused at once.
 */
#include "operations/change.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/oauth/scope.h"
#include "operations/blacklist.h"
#include "operations/status_place.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/not_before.h"
#include "tables/status_index.h"

static const Client *
living_client(const Grant *grant, TimestampTz now)
{
	const Client *client;

	if (grant == NULL || grant->revoked || grant->expires_at <= now)
		return NULL;
	client = client_find(grant->client_id);
	return client && not_before_check(client, grant->auth.subject, grant->not_before,
									  &grant->begun) == PGT_OK
			   ? client
			   : NULL;
}

static void
check_narrower(const char *scope, const Grant *grant)
{
	PgtcScope wanted;
	PgtcScope granted;

	strings_to_scope(grant->scope, &granted);
	if (pgtc_scope_parse(pgtc_slice_str(scope), &wanted) != PGTC_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("scope must be a space-delimited list of scopes")));
	if (wanted.n == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("scope must not be empty"),
						errhint("SELECT pgtoken.revoke_family(...) ends a family that may have "
								"nothing any more.")));
	if (!pgtc_scope_subset(&wanted, &granted))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the scope of a family cannot be widened"),
						errdetail("It is \"%s\".", grant->scope),
						errhint("The subject has to be asked: SELECT pgtoken.issue_tokens(...), or "
								"an authorization request.")));
}

/* without offline_access a refresh token is its session's, for a client that gets such ones, or nobody's */
static bool
loses_refresh_token(const Client *client, const Grant *before, const char *scope)
{
	PgtcScope had;
	PgtcScope has;

	strings_to_scope(before->scope, &had);
	strings_to_scope(scope, &has);
	return before->generation >= 0 && pgtc_scope_has_str(&had, "offline_access") &&
		   !pgtc_scope_has_str(&has, "offline_access") && !client->session_refresh;
}

/* the access tokens that are out name one place, and are to be refused: the next ones get another */
static void
leave_place(const Client *client, Grant *grant, TimestampTz now)
{
	if (grant->status_series == 0)
		return;
	status_index_end(grant->status_series, grant->status_position);
	status_place_renew(client, grant, now);
}

bool
change_family(const pg_uuid_t *grant_id, const FamilyChange *change, ChangedFamily *out)
{
	AuditScope scope = {.reason = change->reason};
	TimestampTz now;
	const Client *client;
	Grant *grant;

	cache_begin();
	store_make_durable();
	grant_lock(grant_id);
	grant = grant_read(grant_id);
	now = GetCurrentTimestamp();
	client = living_client(grant, now);
	if (client == NULL)
		return false;
	if (change->scope)
		check_narrower(change->scope, grant);

	if (change->scope && loses_refresh_token(client, grant, change->scope))
		grant->blacklisted_generation = grant->generation;
	if (change->scope)
		grant->scope = unconstify(char *, change->scope);
	if (change->claims)
		grant->auth.claims = change->claims;
	if (change->at_once)
		leave_place(client, grant, now);
	/* never the same as before, whatever the clock says */
	grant->changed_at = Max(now, grant->changed_at + 1);
	audit_enter(&scope);
	grant_change(grant);
	audit_leave();
	out->grant = grant;
	out->refreshable = grant->generation > grant->blacklisted_generation;
	out->access_tokens =
		change->at_once ? blacklist_access_tokens_of(grant, now, change->reason) : 0;
	return true;
}
