/*
 * revoke.c
 *		Use case: revoke a family.
 *
 * The rows' triggers write the audit and tell all backends.  A token decides
 * only when it is genuine: otherwise anybody could end a family by a token he
 * has made up.  A bare id decides too: it is for administrators, and callers who
 * pass on what strangers send must not accept one (see docs/security.md).
 */
#include "operations/revoke.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/store.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/refresh_token.h"
#include "tables/lineage.h"
#include "tokens/genuine.h"

bool
revoke_family(const pg_uuid_t *grant_id, const char *reason, RevokedFamily *out)
{
	TimestampTz now = GetCurrentTimestamp();

	store_make_durable();
	if (!grant_revoke(grant_id, now, reason ? reason : REVOKE_REASON_DEFAULT, &out->grant))
		return false;
	out->grant_id = *grant_id;
	/* counted now, when no refresh can add to them */
	out->access_tokens = lineage_count_live(grant_id, now);
	out->revoked_at = now;
	return true;
}

bool
revoke_family_of(const char *token, const char *reason, RevokedFamily *out)
{
	PgtcRefreshToken parsed;
	GenuineAccessToken access;
	pg_uuid_t grant_id;
	Grant *grant;

	cache_begin();
	if (pgtc_uuid_parse(pgtc_slice_str(token), grant_id.data) == PGTC_OK)
		return revoke_family(&grant_id, reason, out);
	grant = genuine_family_of_access_token(token, &access);
	if (grant == NULL)
		grant = genuine_family_of_refresh_token(token, &parsed);
	return grant && revoke_family(&grant->grant_id, reason, out);
}
