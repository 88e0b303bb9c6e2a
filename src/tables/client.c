/*
 * client.c
 *		Clients and their authentication, cached by configuration epoch, those used
 *		least recently leaving first.
 *
 * Each has a memory context of its own, which whoever has found it holds: one that
 * leaves goes when nobody does any more, and counts until then.  Names that are not
 * registered are not cached: a caller could fill memory with them.
 */
#include "tables/client.h"

#include "common/hashfn.h"
#include "utils/formatting.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/counters.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/held.h"
#include "base/lru.h"
#include "base/member.h"
#include "base/refused.h"
#include "base/request.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/jose/alg.h"
#include "core/oauth/pairwise.h"
#include "core/oauth/redirect.h"
#include "tables/client_secret.h"
#include "tables/issuer.h"

#define CLIENT_ID_MAX 255

typedef struct Entry
{
	LruEntry lru; /* first */
	Held held;
	Client *client;
	Size size;
	MemoryContextCallback uncount;
} Entry;

static Lru clients;
static MemoryContext clients_context = NULL; /* of the chains */
static Size clients_size = 0; /* of all entries, those that have left and are held included */
static uint64 clients_number = 0;

static const char *const auth_methods[] = {
	[AUTH_SECRET_BASIC] = "client_secret_basic",
	[AUTH_SECRET_POST] = "client_secret_post",
	[AUTH_SECRET_JWT] = "client_secret_jwt",
	[AUTH_PRIVATE_KEY_JWT] = "private_key_jwt",
	[AUTH_TLS] = "tls_client_auth",
	[AUTH_SELF_SIGNED_TLS] = "self_signed_tls_client_auth",
	[AUTH_NONE] = "none",
};

static const char *const san_members[] = {
	[PGTC_SAN_DNS] = "tls_client_auth_san_dns",
	[PGTC_SAN_URI] = "tls_client_auth_san_uri",
	[PGTC_SAN_IP] = "tls_client_auth_san_ip",
	[PGTC_SAN_EMAIL] = "tls_client_auth_san_email",
};

const char *
client_san_member(int kind)
{
	return kind < (int) lengthof(san_members) ? san_members[kind] : NULL;
}

static const char *const profiles[] = {
	[PROFILE_OAUTH2] = "oauth2",
	[PROFILE_OAUTH21] = "oauth21",
	[PROFILE_FAPI2] = "fapi2",
	[PROFILE_FAPI2_MESSAGE_SIGNING] = "fapi2-message-signing",
};

const char *
client_profile_name(int profile)
{
	return profile < (int) lengthof(profiles) ? profiles[profile] : NULL;
}

bool
client_alg_allowed(const Client *client, const PgtcAlg *alg)
{
	return client->profile < PROFILE_FAPI2 || alg->fapi;
}

char *
client_algs_allowed(const Client *client)
{
	StringInfoData names;
	const char *name;

	initStringInfo(&names);
	for (int i = 0; (name = pgtc_alg_nth_name(i, false)) != NULL; i++)
	{
		if (client_alg_allowed(client, pgtc_alg_by_any_name(pgtc_slice_str(name))))
			appendStringInfo(&names, "%s%s", names.len > 0 ? " " : "", name);
	}
	return names.data;
}

int
client_code_lifetime(const Client *client)
{
	return client->profile < PROFILE_FAPI2
			   ? guc_authorization_code_lifetime
			   : Min(guc_authorization_code_lifetime, FAPI_CODE_LIFETIME_MAX);
}

int
client_consent_lifetime(const Client *client)
{
	return client->consent_lifetime >= 0 ? client->consent_lifetime : guc_consent_lifetime;
}

int
client_pushed_request_lifetime(const Client *client)
{
	return client->profile < PROFILE_FAPI2
			   ? guc_pushed_request_lifetime
			   : Min(guc_pushed_request_lifetime, FAPI_REQUEST_URI_LIFETIME_MAX);
}

bool
client_may_use(const Client *client, GrantType type)
{
	if (type == GRANT_TYPE_REFRESH_TOKEN)
		return client->offline_access || client->session_refresh;
	return (client->grant_types & (1U << type)) != 0;
}

bool
client_may_refresh(const Client *client, const char *scope)
{
	PgtcScope granted;

	if (client->offline_access || !client->session_refresh)
		return client->offline_access;
	strings_to_scope(scope, &granted);
	return !pgtc_scope_has_str(&granted, "offline_access");
}

bool
client_has_redirect_uri(const Client *client, const char *redirect_uri)
{
	for (int i = 0; i < client->n_redirect_uris; i++)
	{
		if (pgtc_redirect_matches(pgtc_slice_str(client->redirect_uris[i]),
								  pgtc_slice_str(redirect_uri), client->native))
			return true;
	}
	return false;
}

char *
client_grant_type_names(const Client *client)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < GRANT_TYPES; i++)
	{
		if (client_may_use(client, (GrantType) i))
			appendStringInfo(&names, "%s%s", names.len > 0 ? " " : "", grant_type_name(i));
	}
	return names.data;
}

const char *
client_auth_method_name(int method)
{
	return method < (int) lengthof(auth_methods) ? auth_methods[method] : NULL;
}

/*
 * The host of the document that lists its redirect URIs, or of these: create_client and
 * update_client see to it that they have one.
 */
static char *
default_sector(const Client *client, Jsonb *metadata)
{
	PgtcSlice host =
		pgtc_url_host(pgtc_slice_str(member_string(metadata, "sector_identifier_uri")));

	/* the URL's host in lower case, as sector_identifier has it, so that the two are one sector */
	if (host.data)
		return asc_tolower(host.data, host.len);
	if (client->n_redirect_uris > 0)
		host = pgtc_url_host(pgtc_slice_str(client->redirect_uris[0]));
	return host.data ? pnstrdup(host.data, host.len) : pstrdup(client->issuer);
}

bool
client_takes(const Client *client, ClientAuthMethod method)
{
	return (client->auth_methods & (1U << method)) != 0;
}

char *
client_auth_method_names(const Client *client)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < (int) lengthof(auth_methods); i++)
	{
		if (client_takes(client, (ClientAuthMethod) i))
			appendStringInfo(&names, "%s%s", names.len > 0 ? " " : "", auth_methods[i]);
	}
	return names.data;
}

bool
client_always_proves_key(const Client *client)
{
	return (client->auth_methods &
			~(1U << AUTH_PRIVATE_KEY_JWT | 1U << AUTH_TLS | 1U << AUTH_SELF_SIGNED_TLS)) == 0;
}

static const PgtcAlg *
member_alg(Jsonb *metadata, const char *name)
{
	char *alg = member_string(metadata, name);

	return alg ? pgtc_alg_by_any_name(pgtc_slice_str(alg)) : NULL;
}

/* the member names of RFC 7591 section 2 and its companions; the table has checked them */
static void
read_metadata(Client *client, Jsonb *metadata)
{
	char *method = member_string(metadata, "token_endpoint_auth_method");
	char *subject_type = member_string(metadata, "subject_type");
	char *at_limit = member_string(metadata, "at_session_limit");
	char *application_type = member_string(metadata, "application_type");
	char **names;
	int n;

	client->native = application_type && strcmp(application_type, "native") == 0;
	client->auth_methods =
		client->confidential ? 1U << AUTH_SECRET_BASIC | 1U << AUTH_SECRET_POST : 1U << AUTH_NONE;
	if (method && strings_find(client_auth_method_name, method) >= 0)
		client->auth_methods = 1U << strings_find(client_auth_method_name, method);
	names = member_strings(metadata, "additional_auth_methods", &n);
	for (int i = 0; i < n; i++)
	{
		int additional = strings_find(client_auth_method_name, names[i]);

		if (additional >= 0)
			client->auth_methods |= 1U << additional;
	}
	names = member_strings(metadata, "grant_types", &n);
	for (int i = 0; i < GRANT_TYPES; i++)
	{
		if (n < 0 ? i == GRANT_TYPE_AUTHORIZATION_CODE : strings_have(names, n, grant_type_name(i)))
			client->grant_types |= 1U << i;
	}
	client->jwks = member_text(metadata, "jwks");
	client->jwks_uri = member_string(metadata, "jwks_uri");
	client->jwks_uri = member_string(metadata, "jwks_uri");
	client->assertion_alg = member_alg(metadata, "token_endpoint_auth_signing_alg");
	client->issuer_audience = member_bool(metadata, "require_issuer_audience", false);
	client->tls_subject_dn = member_string(metadata, "tls_client_auth_subject_dn");
	for (int i = 0; i < (int) lengthof(san_members) && client->tls_san == NULL; i++)
	{
		client->tls_san = member_string(metadata, san_members[i]);
		client->tls_san_kind = (PgtcSanKind) i;
	}
	client->require_pkce = member_bool(metadata, "require_pkce", true);
	client->require_pushed_requests =
		member_bool(metadata, "require_pushed_authorization_requests", false);
	client->require_signed_requests = member_bool(metadata, "require_signed_request_object", false);
	client->request_object_alg = member_alg(metadata, "request_object_signing_alg");
	client->request_uris = member_strings(metadata, "request_uris", &client->n_request_uris);
	names = member_strings(metadata, "default_acr_values", &n);
	client->default_acr_values = n > 0 ? strings_of_list(names, n) : NULL;
	client->dpop_bound = member_bool(metadata, "dpop_bound_access_tokens", false);
	client->certificate_bound =
		member_bool(metadata, "tls_client_certificate_bound_access_tokens", false);
	client->consent_required = member_bool(metadata, "consent_required", true);
	client->consent_lifetime = member_int(metadata, "consent_lifetime", -1);
	client->sessions.max = member_int(metadata, "max_sessions", 0);
	client->sessions.refuse = at_limit && strcmp(at_limit, "refuse") == 0;
	client->session_refresh = member_bool(metadata, "session_refresh", false);
	client->post_logout_redirect_uris =
		member_strings(metadata, "post_logout_redirect_uris", &client->n_post_logout_redirect_uris);
	client->backchannel_logout_uri = member_string(metadata, "backchannel_logout_uri");
	client->told_of_logout = client->backchannel_logout_uri != NULL ||
							 member_string(metadata, "frontchannel_logout_uri") != NULL;
	client->authorization_alg = member_alg(metadata, "authorization_signed_response_alg");
	client->userinfo_alg = member_alg(metadata, "userinfo_signed_response_alg");
	client->client_uri = member_string(metadata, "client_uri");
	client->logo_uri = member_string(metadata, "logo_uri");
	client->tos_uri = member_string(metadata, "tos_uri");
	client->policy_uri = member_string(metadata, "policy_uri");
	client->introspection_alg = member_alg(metadata, "introspection_signed_response_alg");
	client->default_max_age = member_int(metadata, "default_max_age", -1);
	client->details_types =
		member_strings(metadata, "authorization_details_types", &client->n_details_types);
	if (subject_type && strcmp(subject_type, "pairwise") == 0)
	{
		client->sector = member_string(metadata, "sector_identifier");
		if (client->sector == NULL)
			client->sector = default_sector(client, metadata);
	}
}

static void
read_client(StoreRow *row, void *arg)
{
	Client *client = arg;
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(client));
	char *alg;

	client->issuer = store_text(row);
	client->confidential = store_bool(row);
	client->enabled = store_bool(row);
	strings_to_scope(store_text(row), &client->scope);
	client->resources = store_texts(row, &client->n_resources);
	client->offline_access = store_bool(row);
	alg = store_text(row);
	client->alg = alg ? pgtc_alg_by_name(pgtc_slice_str(alg)) : NULL;
	client->access_token_lifetime = store_seconds(row, -1);
	client->given.refresh_absolute_lifetime = store_lifetime(row);
	client->given.refresh_idle_lifetime = store_lifetime(row);
	client->given.retry_window = store_lifetime(row);
	client->retry_limit = store_int(row, -1);
	client->lockstep_generations = store_int(row, -1);
	client->rotates = store_bool(row);
	client->profile = (ClientProfile) strings_find(client_profile_name, store_text(row));
	client->client_name = store_text(row);
	client->redirect_uris = store_texts(row, &client->n_redirect_uris);
	read_metadata(client, store_jsonb(row));
	store_epochs(row, &client->epochs);
	if (store_bool(row))
	{
		client->used_at = palloc(sizeof(TimestampTz));
		*client->used_at = store_time(row, DT_NOBEGIN);
		client->by_document = store_bool(row);
		client->document_at = store_time(row, DT_NOBEGIN);
	}
	MemoryContextSwitchTo(caller);
}

static void
read_secret(StoreRow *row, void *arg)
{
	Client *client = arg;
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(client));
	ClientSecret *secret = palloc0(sizeof(ClientSecret));

	store_uuid(row, &secret->secret_id);
	secret->hashed = store_bytes(row, secret->hash, sizeof(secret->hash));
	secret->imported = store_text(row);
	secret->expires_at = store_time(row, DT_NOEND);
	secret->last_used_at = store_time(row, DT_NOBEGIN);
	secret->next = client->secrets;
	client->secrets = secret;
	MemoryContextSwitchTo(caller);
}

static bool
same_name(const void *a, const void *b)
{
	return strcmp(a, b) == 0;
}

static void
uncount(void *arg)
{
	clients_size -= ((Entry *) arg)->size;
}

static StoreQuery client_read_query = STORE_QUERY(
	"client read", STORE_READS_LATEST,
	"SELECT c.issuer, c.client_type" EQ "'confidential', c.enabled, "
	"pg_catalog.array_to_string(c.scopes, ' '), c.resources, c.offline_access, c.signing_alg, "
	"c.access_token_lifetime, "
	"c.refresh_absolute_lifetime, "
	"c.refresh_idle_lifetime, "
	"c.retry_window, c.retry_limit, c.lockstep_generations, "
	"c.rotation" EQ
	"'always', c.profile, c.client_name, c.redirect_uris, c.metadata, " EPOCH_COLUMNS(
		"c") ", r.client_id IS NOT NULL, u.used_at, r.origin" EQ
			 "'document', r.document_at FROM pgtoken.clients c "
			 "LEFT JOIN pgtoken.registrations r ON r.client_id" EQ "c.client_id "
			 "LEFT JOIN pgtoken.registration_uses u ON u.client_id" EQ "c.client_id "
			 "WHERE c.client_id" EQ "$1");

static StoreQuery client_secrets_read_query =
	STORE_QUERY("client secrets read", STORE_READS_LATEST,
				"SELECT s.secret_id, CASE WHEN s.hash_scheme" EQ "'sha256' THEN s.secret_hash END, "
				"CASE WHEN s.hash_scheme OPERATOR(pg_catalog.<>) 'sha256' "
				"THEN pg_catalog.convert_from(s.secret_hash, 'UTF8') END, "
				"s.expires_at, s.last_used_at FROM pgtoken.client_secrets s "
				"WHERE s.client_id" EQ "$1 AND s.revoked_at IS NULL");

/* NULL: there is no such client */
static Entry *
load_client(const char *client_id)
{
	/* the caller's until all has gone well */
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "pgtoken client", ALLOCSET_SMALL_SIZES);
	Entry *entry = MemoryContextAllocZero(context, sizeof(Entry));
	StoreArgs args = {0};

	entry->client = MemoryContextAllocZero(context, sizeof(Client));
	store_arg_text(&args, client_id);
	if (store_run(&client_read_query, &args, read_client, entry->client) == 0)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	entry->client->client_id = MemoryContextStrdup(context, client_id);
	store_run(&client_secrets_read_query, &args, read_secret, entry->client);
	entry->size = MemoryContextMemAllocated(context, true);
	return entry;
}

static void
keep(Entry *entry, uint32 hash)
{
	MemoryContext context = GetMemoryChunkContext(entry);

	MemoryContextSetParent(context, CacheMemoryContext);
	held_init(&entry->held, context);
	entry->lru.hash = hash;
	entry->lru.key = entry->client->client_id;
	lru_add(&clients, &entry->lru);
	clients_size += entry->size;
	entry->uncount.func = uncount;
	entry->uncount.arg = entry;
	MemoryContextRegisterResetCallback(context, &entry->uncount);
}

static bool
forget_oldest(void)
{
	Entry *oldest = (Entry *) lru_remove_oldest(&clients);

	if (oldest)
		held_give_up(&oldest->held);
	return oldest != NULL;
}

CacheSize
client_cache_size(void)
{
	CacheSize size = {clients.entries, clients_size};

	if (clients_context)
		size.bytes += MemoryContextMemAllocated(clients_context, false);
	return size;
}

static void
make_room(void)
{
	while (client_cache_size().bytes + cache_configuration_size() > cache_room())
	{
		if (!forget_oldest())
			break;
	}
}

static void
attach(void)
{
	if (clients_number == cache_number(CACHE_CONFIG))
		return;
	if (clients_context == NULL)
		clients_context =
			AllocSetContextCreate(CacheMemoryContext, "pgtoken clients", ALLOCSET_SMALL_SIZES);
	while (clients.entries > 0)
		forget_oldest();
	clients_number = 0;
	MemoryContextReset(clients_context);
	lru_init(&clients, clients_context, cache_room(), same_name);
	clients_number = cache_number(CACHE_CONFIG);
}

static const Client *
find_cached(const char *client_id)
{
	uint32 hash = hash_bytes((const unsigned char *) client_id, strlen(client_id));
	Entry *entry;
	bool loaded = false;

	attach();
	entry = (Entry *) lru_find(&clients, hash, client_id);
	counters_add(entry ? COUNT_CLIENT_HITS : COUNT_CLIENT_MISSES);
	if (entry == NULL)
	{
		entry = load_client(client_id);
		if (entry == NULL)
			return NULL;
		/* loading may have taken in an invalidation: the entry then goes at the next begin */
		keep(entry, hash);
		loaded = true;
	}
	/* before room is made, for which it may have to leave itself */
	held_hold(&entry->held, CurrentMemoryContext);
	if (loaded)
		make_room();
	return entry->client;
}

static int
or_setting(int value, int setting)
{
	return value < 0 ? setting : value;
}

Client *
client_find(const char *client_id)
{
	const Client *cached;
	Client *client;

	if (strlen(client_id) > CLIENT_ID_MAX)
		return NULL;
	cached = find_cached(client_id);
	if (cached == NULL)
		return NULL;

	/* settings can change without an invalidation, so they are applied to a copy */
	client = palloc(sizeof(Client));
	*client = *cached;
	client->access_token_lifetime =
		or_setting(client->access_token_lifetime, guc_access_token_lifetime);
	client->refresh_absolute_lifetime =
		lifetime_seconds(&client->given.refresh_absolute_lifetime, guc_refresh_absolute_lifetime);
	client->refresh_idle_lifetime =
		lifetime_seconds(&client->given.refresh_idle_lifetime, guc_refresh_idle_lifetime);
	client->lockstep_generations =
		or_setting(client->lockstep_generations, guc_lockstep_generations);
	client->retry_window_bound =
		lifetime_seconds(&client->given.retry_window, guc_retry_window_bound);
	client->retry_window = lifetime_seconds(&client->given.retry_window,
											client->confidential ? guc_retry_window_confidential
																 : guc_retry_window_public);
	return client;
}

PgtErr
client_authenticate(Client *client, const char *client_secret)
{
	if (!client->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	if (!client->confidential)
		return client_secret ? PGT_ERR_CLIENT_SECRET_WRONG : PGT_OK;
	if (client_secret == NULL)
		return refused(PGT_ERR_CLIENT_SECRET_MISSING, "client_secret", NULL, NULL);
	if (!client_takes(client, AUTH_SECRET_BASIC) && !client_takes(client, AUTH_SECRET_POST))
		return refused(PGT_ERR_CLIENT_METHOD, "token_endpoint_auth_method", "a client_secret",
					   client_auth_method_names(client));

	return client_secret_check(client, client_secret);
}

/* what the clients of a sector know by a name of their own, each purpose by a key of its own */
static char *
pairwise_name(const Client *client, const char *purpose, const char *name)
{
	uint8_t key[PGTC_SHA256_LEN];
	char *pairwise = palloc(PGTC_PAIRWISE_LEN + 1);

	issuer_subkey(issuer_get(client->issuer), purpose, key);
	glue_check(
		pgtc_pairwise_subject(key, pgtc_slice_str(client->sector), pgtc_slice_str(name), pairwise),
		"deriving a pairwise name");
	pgtc_crypto_wipe(key, sizeof(key));
	return pairwise;
}

char *
client_subject(const Client *client, const char *subject)
{
	if (client->sector == NULL || request_subject_is_client(subject))
		return pstrdup(subject);
	return pairwise_name(client, "pairwise subjects", subject);
}

char *
client_session_id(const Client *client, const char *session_id)
{
	if (client->sector == NULL)
		return pstrdup(session_id);
	return pairwise_name(client, "pairwise sessions", session_id);
}
