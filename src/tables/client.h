/*
 * client.h
 *		Clients and their authentication, cached.
 */
#ifndef PGT_CLIENT_H
#define PGT_CLIENT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "base/cache.h"
#include "base/errors.h"
#include "base/lifetime.h"
#include "core/base/crypto.h"
#include "core/jose/alg.h"
#include "core/jose/certificate_san.h"
#include "core/oauth/scope.h"
#include "tables/grant_type.h"
#include "tables/issuer.h"

/* seconds: of an answer that a mere copy of the token can get, whatever the client's row says */
#define CLIENT_RETRY_WINDOW_MAX 3600

/* seconds (FAPI 2.0 Security Profile section 5.3.2.2) */
#define FAPI_CODE_LIFETIME_MAX 60
#define FAPI_REQUEST_URI_LIFETIME_MAX 599

typedef enum ClientAuthMethod
{
	AUTH_SECRET_BASIC,
	AUTH_SECRET_POST,
	AUTH_SECRET_JWT,
	AUTH_PRIVATE_KEY_JWT,
	AUTH_TLS,
	AUTH_SELF_SIGNED_TLS,
	AUTH_NONE
} ClientAuthMethod;

/* each demands all of the one before it */
typedef enum ClientProfile
{
	PROFILE_OAUTH2,
	PROFILE_OAUTH21,
	PROFILE_FAPI2,
	PROFILE_FAPI2_MESSAGE_SIGNING
} ClientProfile;

typedef struct ClientSecret
{
	pg_uuid_t secret_id;
	bool hashed; /* is the SHA-256 known? */
	uint8_t hash[PGTC_SHA256_LEN];
	char *imported; /* as another server has hashed it; NULL: rehashed, or one of our own */
	TimestampTz expires_at; /* DT_NOEND: never */
	TimestampTz last_used_at; /* as far as this session knows; DT_NOBEGIN: never */
	struct ClientSecret *next;
} ClientSecret;

/* as registered; what is not given goes by the settings */
typedef struct ClientLifetimes
{
	Lifetime refresh_absolute_lifetime;
	Lifetime refresh_idle_lifetime;
	Lifetime retry_window;
} ClientLifetimes;

typedef struct Client
{
	char *client_id;
	char *issuer;
	bool confidential;
	bool enabled;
	PgtcScope scope; /* slices into memory of the cache */
	char **resources;
	int n_resources; /* -1: any resource of the issuer */
	bool offline_access;
	bool session_refresh; /* refresh tokens without it, which end with the sign-in session */
	const PgtcAlg *alg; /* NULL: the issuer's default */
	int access_token_lifetime; /* seconds; settings already applied, as in the next four */
	int refresh_absolute_lifetime;
	int refresh_idle_lifetime;
	int retry_window;
	int retry_window_bound; /* of who proves a key or certificate; -1: until the idle end */
	int retry_limit; /* -1: none */
	int lockstep_generations; /* setting already applied; 0: never reuse */
	bool rotates;
	ClientProfile profile;
	ClientLifetimes given;
	ClientSecret *secrets;
	char *client_name; /* NULL: none */
	char **redirect_uris;
	int n_redirect_uris;
	/* metadata (RFC 7591 and its companions) */
	bool native; /* installed on its user's device */
	unsigned
		auth_methods; /* a bit each: any of them, of a secret that is not narrowed to one the first two */
	const char *
		authenticated_by; /* how it has proved itself in this request, for the audit; NULL: not at an endpoint */
	const pg_uuid_t *proved_secret; /* and by which of its secrets, for the ledger; NULL: by none */
	unsigned grant_types; /* a bit each; refresh_token goes by offline_access */
	char *jwks; /* JSON text; NULL: none. Its keys: http/client_keys.h */
	char *jwks_uri; /* where they are, instead of it; NULL: nowhere */
	const PgtcAlg *assertion_alg; /* that its assertions must be signed by; NULL: any */
	bool issuer_audience; /* aud of its assertions is the issuer alone, as a string */
	char *tls_subject_dn; /* of its certificate; NULL: it is known by another name */
	PgtcSanKind tls_san_kind;
	char *tls_san; /* NULL: none */
	bool require_pkce;
	bool require_pushed_requests;
	bool require_signed_requests; /* as request objects */
	char **request_uris; /* where its request objects may be */
	int n_request_uris;
	const PgtcAlg *request_object_alg; /* NULL: any */
	char *default_acr_values; /* separated by spaces; NULL: none */
	bool dpop_bound;
	bool certificate_bound;
	bool consent_required;
	SessionLimit sessions; /* of a subject with it alone */
	char **post_logout_redirect_uris;
	int n_post_logout_redirect_uris;
	char *backchannel_logout_uri;
	bool told_of_logout; /* there, or in a frame */
	const PgtcAlg *authorization_alg; /* of signed authorization answers; NULL: its own */
	const PgtcAlg *userinfo_alg; /* of signed userinfo; NULL: it is JSON */
	const PgtcAlg
		*introspection_alg; /* of introspection; NULL: signed by its own where asked for */
	char *sector; /* of pairwise subjects; NULL: subjects are public */
	int default_max_age; /* seconds; -1: none */
	char **details_types; /* of authorization details that it may ask for (RFC 9396) */
	int n_details_types; /* -1: none */
	char *client_uri; /* for people, as the next three; NULL: none */
	char *logo_uri;
	char *tos_uri;
	char *policy_uri;
	TimestampTz *
		used_at; /* of one that has registered itself: when it last began a family, as far as this session knows; DT_NOBEGIN: never; NULL: it did not */
	bool by_document; /* client_id is the URL of its metadata, and nobody has registered it */
	TimestampTz document_at; /* when that was fetched which it is as */
	Epochs epochs;
} Client;

/* NULL when there is no such client; the caller's own, valid until the current memory context is reset */
extern Client *client_find(const char *client_id);

extern CacheSize client_cache_size(void);

/*
 * RFC 6749 section 2.3.1.  A public client must not send a secret, a
 * confidential one must send a valid one; a client that is switched off fails.
 */
extern PgtErr client_authenticate(Client *client, const char *client_secret);

/* as metadata and audit have it, and as StringsNth */
extern const char *client_auth_method_name(int method);

/* may it authenticate so? */
extern bool client_takes(const Client *client, ClientAuthMethod method);

/* all of them, separated by spaces */
extern char *client_auth_method_names(const Client *client);

/* does it prove a private key, however it authenticates? */
extern bool client_always_proves_key(const Client *client);

/* the members that name its certificate beside the subject's distinguished name, by PgtcSanKind; as StringsNth */
extern const char *client_san_member(int kind);

/* as StringsNth */
extern const char *client_profile_name(int profile);

/* may it sign by this?  Its profile's word, whatever its keys are for */
extern bool client_alg_allowed(const Client *client, const PgtcAlg *alg);

/* the names of those that it may, separated by spaces */
extern char *client_algs_allowed(const Client *client);

/* seconds that its codes and its pushed requests live (FAPI 2.0 Security Profile section 5.3.2.2) */
extern int client_code_lifetime(const Client *client);
extern int client_pushed_request_lifetime(const Client *client);

extern bool client_may_use(const Client *client, GrantType type);

/* may it refresh a family of this scope?  With offline_access any, with session_refresh those without it */
extern bool client_may_refresh(const Client *client, const char *scope);

/* may its user be sent there (RFC 8252 section 7.3)? */
extern bool client_has_redirect_uri(const Client *client, const char *redirect_uri);

/* what it may use, separated by spaces */
extern char *client_grant_type_names(const Client *client);

/* the subject as the client gets to see it (OpenID Connect Core section 8) */
extern char *client_subject(const Client *client, const char *subject);

/* sid: of a pairwise client one that tells no other sector that it is the same session */
extern char *client_session_id(const Client *client, const char *session_id);

#endif /* PGT_CLIENT_H */
