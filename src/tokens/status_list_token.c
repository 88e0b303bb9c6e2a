/*
 * status_list_token.c
 *		Status lists as they are published: signed, and kept for a while.
 *
 * One that was signed less than pgtoken.status_list_ttl ago is handed out as it is,
 * whoever asks and however often.  From half of that on the first who comes makes it
 * anew, and the others still take what is there; once it is over they wait for him.
 *
 * Where nothing can be written (a standby, a transaction that only reads) and nobody
 * else has signed one lately, a backend keeps a few of its own.
 */
#include "tokens/status_list_token.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/build_lock.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/moment.h"
#include "core/base/json_write.h"
#include "core/base/slice.h"
#include "core/jose/token.h"
#include "tables/signing_key.h"
#include "tables/status_list_row.h"

/* exp of a list, in its ttl: whoever gets no newer one for so long knows nothing any more */
#define LIFE_IN_TTL 20

#define OWN_LISTS 8

/* one that this backend has signed for itself */
typedef struct OwnList
{
	PgtcStatusList list; /* series 0: none */
	StatusList built;
} OwnList;

static OwnList own_lists[OWN_LISTS];
static int next_own_list = 0;

static bool
same_list(PgtcStatusList a, PgtcStatusList b)
{
	return a.series == b.series && a.number == b.number;
}

/* younger than this share of its ttl, and signed by the key that signs now: one that was retired in haste says nothing */
static bool
is_fresh(const StatusList *kept, const SigningKey *key, TimestampTz now, int divisor)
{
	return kept->document && strcmp(kept->kid, key->kid) == 0 && kept->built_at <= now &&
		   now - kept->built_at < guc_status_list_ttl * USECS_PER_SEC / divisor;
}

/* ttl, and the bits: those of who is refused, by what the tables say from now on */
static void
write_claims(const Issuer *issuer, PgtcStatusList list, bool all_ended, PgtcBuf *out)
{
	uint8_t *bits = palloc0(PGTC_STATUS_LIST_BYTES);
	PgtcBuf member;

	if (all_ended)
		memset(bits, 0xff, PGTC_STATUS_LIST_BYTES);
	else
		status_list_row_bits(list, bits);
	pgtc_buf_init(&member, &glue_mem);
	glue_check(pgtc_status_list_member(issuer_base(issuer->issuer), bits, &member),
			   "writing a status list");
	pgtc_buf_append(out, "{", 1);
	pgtc_json_write_member_int(out, "ttl", guc_status_list_ttl);
	pgtc_json_write_member_json(out, "status_list", pgtc_slice(member.data, member.len));
	pgtc_buf_append(out, "}", 1);
	glue_check(pgtc_buf_code(out), "writing a status list");
	pgtc_buf_free(&member);
	pfree(bits);
}

/* Token Status List section 5.1 */
static StatusList
build(const Issuer *issuer, PgtcStatusList list, bool all_ended, const SigningKey *key)
{
	StatusList built = {.all_ended = all_ended, .built_at = GetCurrentTimestamp(), .kid = key->kid};
	PgtcTokenSpec spec = {.typ = "statuslist+jwt",
						  .n_aud = -1,
						  .n_amr = -1,
						  .auth_time = -1,
						  .kid = pgtc_slice_str(key->kid),
						  .iss = pgtc_slice_str(issuer->issuer),
						  .iat = moment_unix(built.built_at)};
	PgtcBuf uri;
	PgtcBuf claims;
	PgtcBuf token;

	pgtc_buf_init(&uri, &glue_mem);
	pgtc_buf_init(&claims, &glue_mem);
	pgtc_buf_init(&token, &glue_mem);
	pgtc_status_list_uri(issuer_base(issuer->issuer), list, &uri);
	glue_check(pgtc_buf_code(&uri), "writing a status list");
	write_claims(issuer, list, all_ended, &claims);
	spec.sub = pgtc_slice(uri.data, uri.len);
	spec.exp = spec.iat + (int64) guc_status_list_ttl * LIFE_IN_TTL;
	spec.extra = pgtc_slice(claims.data, claims.len);
	signing_key_write(key, &spec, &token, "signing a status list");
	built.document = pnstrdup(token.data, token.len);
	pgtc_buf_free(&uri);
	pgtc_buf_free(&claims);
	pgtc_buf_free(&token);
	return built;
}

/* --- where nothing can be written ----------------------------------------------------- */

static OwnList *
own_list(PgtcStatusList list)
{
	for (int i = 0; i < OWN_LISTS; i++)
	{
		if (same_list(own_lists[i].list, list))
			return &own_lists[i];
	}
	return NULL;
}

static void
keep_own(PgtcStatusList list, const StatusList *built)
{
	OwnList *own = own_list(list);
	StatusList copy = {.all_ended = built->all_ended,
					   .document = MemoryContextStrdup(TopMemoryContext, built->document),
					   .built_at = built->built_at,
					   .kid = MemoryContextStrdup(TopMemoryContext, built->kid)};

	if (own == NULL)
	{
		own = &own_lists[next_own_list];
		next_own_list = (next_own_list + 1) % OWN_LISTS;
	}
	if (own->built.document)
	{
		pfree(own->built.document);
		pfree(own->built.kid);
	}
	own->list = list;
	own->built = copy;
}

static void
read_only_list(const Issuer *issuer, PgtcStatusList list, const SigningKey *key, TimestampTz now,
			   StatusList *found)
{
	const OwnList *own = own_list(list);

	if (is_fresh(found, key, now, 1))
		return;
	/* what it says stays true: a list that has ended as a whole does not come back */
	if (own && own->built.all_ended == found->all_ended && is_fresh(&own->built, key, now, 2))
	{
		*found = own->built;
		return;
	}
	*found = build(issuer, list, found->all_ended, key);
	keep_own(list, found);
}

/* --- where it can --------------------------------------------------------------------- */

/* false: the list has gone meanwhile */
static bool
kept_list(const Issuer *issuer, PgtcStatusList list, const SigningKey *key, TimestampTz now,
		  StatusList *found)
{
	bool usable = is_fresh(found, key, now, 1);

	if (is_fresh(found, key, now, 2) || !build_lock(list.series, list.number, !usable))
		return true;
	/* who had the lock before may have made it */
	if (!status_list_row_find(issuer->issuer, list, found))
		return false;
	if (is_fresh(found, key, GetCurrentTimestamp(), 2))
		return true;
	*found = build(issuer, list, found->all_ended, key);
	status_list_row_keep(list, found);
	return true;
}

char *
status_list_token(const Issuer *issuer, PgtcStatusList list, int *max_age)
{
	TimestampTz now = GetCurrentTimestamp();
	StatusList found;
	const SigningKey *key;
	int64 age;

	if (!status_list_row_find(issuer->issuer, list, &found))
		return NULL;
	key = signing_key_active(issuer->issuer, issuer->default_alg);
	if (XactReadOnly)
		read_only_list(issuer, list, key, now, &found);
	else if (!kept_list(issuer, list, key, now, &found))
		return NULL;
	age = (GetCurrentTimestamp() - found.built_at + USECS_PER_SEC - 1) / USECS_PER_SEC;
	*max_age = Max(guc_status_list_ttl - age, 1);
	return found.document;
}
