/*
 * guc.c
 *		All settings, sorted by name.
 *
 * Whatever could weaken a guarantee belongs to the superuser; a non-superuser's
 * SET is refused even when it was made before the library was loaded.  The
 * settings that only maintain() and rotate_signing_key() read are read there by
 * current_setting() and have no variable elsewhere.
 */
#include "base/guc.h"

#include <limits.h>

#include "miscadmin.h"
#include "port.h"
#include "utils/guc_tables.h"
#include "utils/varlena.h"

#include "base/cache.h"
#include "base/refused.h"
#include "base/shard.h"
#include "base/shared_memory.h"
#include "core/base/address.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/base/uuid.h"
#include "core/risk/context_headers.h"

#define MINUTES_PER_DAY (24 * 60)
#define SECONDS_PER_DAY (24 * 60 * 60)
#define SECONDS_MAX (3650 * SECONDS_PER_DAY)

/* of what sizes shared memory: fixed by the postmaster, or without effect but 0 */
#define SHARED_SIZE_CONTEXT (guc_preloaded ? PGC_POSTMASTER : PGC_SIGHUP)

int guc_access_token_lifetime = 300;
int guc_authorization_code_lifetime = 60;
int guc_authorization_request_lifetime = 600;
int guc_cache_memory = 4096;
int guc_challenge_lifetime = 300;
char *guc_challenge_notify_channel = NULL;
char *guc_configuration_key_file = NULL;
int guc_consent_lifetime = 0;
bool guc_consent_page_required = false;
int guc_console_proof_age = 300;
int guc_device_code_lifetime = 600;
int guc_dpop_nonce_lifetime = 300;
int guc_dpop_proof_lifetime = 60;
bool guc_durable_rotation = true;
char *guc_http_anonymous_role = NULL;
bool guc_http_answer_request_id = true;
char *guc_http_authenticator = NULL;
char *guc_http_client_address_header = NULL;
char *guc_http_client_certificate_header = NULL;
bool guc_http_client_certificates_verified = true;
char *guc_http_context_headers = NULL;
char *guc_http_cors_origins = NULL;
char *guc_http_issuer = NULL;
char *guc_http_request_id_header = NULL;
char *guc_http_resource = NULL;
char *guc_http_resource_metadata = NULL;
char *guc_http_resource_url = NULL;
bool guc_http_trace_context = true;
int guc_impersonation_lifetime = 900;
char *guc_installation_id = NULL;
int guc_lockstep_generations = 3;
int guc_log_refusals = LOG_REFUSALS_DEBUG;
int guc_max_configuration_lag = 5 * 60 * 1000;
int guc_max_replay_lag = 0;
char *guc_metrics_networks = NULL;
char *guc_pkcs11_module = NULL;
char *guc_pkcs11_pin_file = NULL;
bool guc_preloaded = false;
int guc_pushed_request_lifetime = 90;
int guc_refresh_absolute_lifetime = 30 * SECONDS_PER_DAY;
int guc_refresh_idle_lifetime = 14 * SECONDS_PER_DAY;
int guc_refused_requests = SHARED_REFUSED_REQUESTS;
int guc_retry_window_bound = -1;
int guc_retry_window_confidential = 60;
int guc_retry_window_public = 30;
char *guc_root_key_file = NULL;
int guc_shared_replay_ids = SHARED_REPLAY_IDS;
int guc_status_list_ttl = 60;

static const struct config_enum_entry log_refusals_options[] = {
	{"off", LOG_REFUSALS_OFF, false},
	{"debug1", LOG_REFUSALS_DEBUG, false},
	{"log", LOG_REFUSALS_ON, false},
	{NULL, 0, false},
};

static char *http_notify_channel = NULL;
static int address_retention = 0;
static int audit_retention = 400 * MINUTES_PER_DAY;
static int audit_seal_interval = 2 * MINUTES_PER_DAY;
static char *audit_seal_url = NULL;
static int blacklist_retention = 60;
static int challenge_retention = MINUTES_PER_DAY;
static int code_retention = MINUTES_PER_DAY;
static int consent_retention = 30 * MINUTES_PER_DAY;
static int courier_attempts = 10;
static int courier_lease = 60;
static int grant_retention = 400 * MINUTES_PER_DAY;
static int lineage_retention = 400 * MINUTES_PER_DAY;
static int reuse_retention = 1200 * MINUTES_PER_DAY;
static char *shard = NULL;
static int signal_retention = 7 * MINUTES_PER_DAY;
static int signing_key_lifetime = 90 * MINUTES_PER_DAY;
static int signing_key_lead_time = 10;
static int signing_key_overlap = MINUTES_PER_DAY;
static int signing_key_retiring_period = 2 * MINUTES_PER_DAY;

/*
 * A connection option (PGOPTIONS) of somebody who is no superuser hides what is
 * configured; defining the variable then refuses it, and the built-in default
 * would remain: no root key, for one.
 */
void
guc_refuse_connection_options(void)
{
	struct config_generic **variables;
	int n;

	compat_get_guc_variables(&variables, &n);
	for (int i = 0; i < n; i++)
	{
		if ((variables[i]->flags & GUC_CUSTOM_PLACEHOLDER) &&
			pg_strncasecmp(variables[i]->name, "pgtoken.", strlen("pgtoken.")) == 0 &&
			variables[i]->reset_source == PGC_S_CLIENT &&
			variables[i]->reset_scontext != PGC_SU_BACKEND)
			ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
							errmsg("permission denied to set parameter \"%s\"", variables[i]->name),
							errhint("Leave it out of the connection's options.")));
	}
}

static bool
check_http_authenticator(char **value, void **extra pg_attribute_unused(),
						 GucSource source pg_attribute_unused())
{
	List *names;
	bool ok = SplitIdentifierString(pstrdup(*value), ',', &names);

	if (!ok)
	{
		GUC_check_errdetail("It is no list of names of roles.");
		GUC_check_errhint("Write it like: authenticator, gateway.");
	}
	return ok;
}

static bool
check_http_context_headers(char **value, void **extra pg_attribute_unused(),
						   GucSource source pg_attribute_unused())
{
	PgtcContextHeaders headers;
	const char *problem = pgtc_context_headers_read(pgtc_slice_str(*value), &headers);

	if (problem)
	{
		GUC_check_errdetail("%s", problem);
		GUC_check_errhint("Write it like: latitude=x-geo-latitude, longitude=x-geo-longitude.");
	}
	return problem == NULL;
}

/* it stands between quotes in a header */
static bool
check_http_url(char **value, void **extra pg_attribute_unused(),
			   GucSource source pg_attribute_unused())
{
	PgtcUrl url;
	bool ok = (*value)[0] == '\0' || pgtc_url_split(pgtc_slice_str(*value), &url);

	if (!ok)
		GUC_check_errdetail("It is an absolute URL of http or https, without a fragment.");
	return ok;
}

static bool
check_installation_id(char **value, void **extra pg_attribute_unused(),
					  GucSource source pg_attribute_unused())
{
	uint8_t id[PGTC_UUID_LEN];
	bool ok = (*value)[0] == '\0' || pgtc_uuid_parse(pgtc_slice_str(*value), id) == PGTC_OK;

	if (!ok)
		GUC_check_errdetail("It is a UUID of 36 characters.");
	return ok;
}

static bool
check_metrics_networks(char **value, void **extra pg_attribute_unused(),
					   GucSource source pg_attribute_unused())
{
	bool ok = pgtc_address_networks_valid(pgtc_slice_str(*value));

	if (!ok)
	{
		GUC_check_errdetail("It is no list of networks.");
		GUC_check_errhint("Write it like: 10.1.0.0/16, 2001:db8::/32.");
	}
	return ok;
}

/* what is kept, and how it is found, was laid out for the old size */
static void
assign_cache_memory(int value, void *extra pg_attribute_unused())
{
	if (value != guc_cache_memory)
		cache_begin_anew();
}

void
guc_init(void)
{
	guc_preloaded = process_shared_preload_libraries_in_progress;
	DefineCustomIntVariable("pgtoken.access_token_lifetime",
							"Life of access and ID tokens where neither client nor resource says.",
							NULL, &guc_access_token_lifetime, 300, 10, SECONDS_PER_DAY, PGC_SUSET,
							GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.address_retention",
		"Age at which maintain() takes addresses and contexts out of audit and ledger; 0 keeps them.",
		"The rows stay, and so do their leaves: docs/audit.md.", &address_retention, 0, 0, INT_MAX,
		PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.audit_retention",
							"Age at which maintain() drops audit partitions; 0 keeps them.", NULL,
							&audit_retention, 400 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.audit_seal_interval",
		"How old the last seal of the audit may become before health() says so; 0: any age.",
		"maintain() seals whenever it runs and there is an audit key.", &audit_seal_interval,
		2 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomStringVariable("pgtoken.audit_seal_url",
							   "Where the courier brings each seal of the audit; empty: nowhere.",
							   NULL, &audit_seal_url, "", PGC_SUSET, 0, check_http_url, NULL, NULL);

	DefineCustomIntVariable("pgtoken.authorization_code_lifetime",
							"Time within which an authorization code must be redeemed.", NULL,
							&guc_authorization_code_lifetime, 60, 10, 600, PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.authorization_request_lifetime",
							"Time that a user has to log in, to consent, or to log out.", NULL,
							&guc_authorization_request_lifetime, 600, 60, 86400, PGC_SUSET,
							GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.blacklist_retention",
		"How long maintain() keeps blacklist rows of ended tokens; 0 keeps them.", NULL,
		&blacklist_retention, 60, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.cache_memory",
		"Memory in which each backend remembers verified tokens and clients; 0 remembers none.",
		"Half of it is for tokens, half for clients and the rest of the configuration, which alone is always kept; of the others what was used least recently leaves.",
		&guc_cache_memory, 4096, 0, 1024 * 1024, PGC_SUSET, GUC_UNIT_KB, NULL, assign_cache_memory,
		NULL);

	DefineCustomIntVariable(
		"pgtoken.challenge_lifetime",
		"Time that a user has to prove another factor, and the request to go on.", NULL,
		&guc_challenge_lifetime, 300, 60, 3600, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.challenge_notify_channel",
		"Channel on which the application is told that one-time codes wait to be delivered; empty: none.",
		"A transaction that has notified cannot be prepared (PREPARE TRANSACTION).",
		&guc_challenge_notify_channel, "pgtoken_challenge", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.challenge_retention",
							"How long maintain() keeps ended step-up transactions; 0 keeps them.",
							NULL, &challenge_retention, MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.code_retention",
		"How long maintain() keeps ended authorization and device codes; 0 keeps them.",
		"A second use of a code that is forgotten does not end what came of the first.",
		&code_retention, MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.configuration_key_file",
		"File with the private key that import_configuration() opens what was exported to.",
		"PEM, without a passphrase.  Readable by the server's user only.",
		&guc_configuration_key_file, "", PGC_SUSET, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.consent_lifetime",
		"How long a consent holds where the client's metadata do not say; 0 is until it is withdrawn.",
		"Families that rest on it end with it. What was agreed to before a change keeps its end.",
		&guc_consent_lifetime, 0, 0, SECONDS_MAX, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pgtoken.consent_page_required",
		"Does an agreement count only where the application has asked for the page by consent_page()?",
		"Off, an application that shows a page of its own making can say what was agreed to on it.",
		&guc_consent_page_required, false, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.consent_retention",
		"How long maintain() keeps consents that have expired; 0 keeps them.",
		"What was shown and agreed to is in the audit, for as long as that is kept.",
		&consent_retention, 30 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL,
		NULL);

	DefineCustomIntVariable(
		"pgtoken.console_proof_age",
		"How long ago an operator of the console may have proved a factor for what changes something.",
		"What only reads asks for one proof in each sign-in.", &guc_console_proof_age, 300, 10,
		SECONDS_PER_DAY, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.courier_attempts",
		"How often the courier tries to deliver something until that is given up.",
		"Each time later: 10 attempts take some hours.", &courier_attempts, 10, 1, 100, PGC_SUSET,
		0, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.courier_lease",
							"Time that a courier has for what it has taken, until another one may "
							"take it.",
							"Longer than a delivery takes, or it is made twice.", &courier_lease,
							60, 10, 3600, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.device_code_lifetime", "Life of device and user codes.", NULL,
							&guc_device_code_lifetime, 600, 60, 1800, PGC_SUSET, GUC_UNIT_S, NULL,
							NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.dpop_nonce_lifetime", "How long a nonce for DPoP proofs is good.", NULL,
		&guc_dpop_nonce_lifetime, 300, 10, 3600, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.dpop_proof_lifetime", "Age at which a DPoP proof is refused.",
							NULL, &guc_dpop_proof_lifetime, 60, 10, 600, PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pgtoken.durable_rotation",
		"Rotations and revocations commit durably whatever "
		"synchronous_commit says.",
		"Without it a crash can take back a refresh that was answered, and the "
		"client's new refresh token with it. With it synchronous_commit off and local count as on.",
		&guc_durable_rotation, true, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.grant_retention",
		"How long maintain() keeps ended families, two days at least; 0 keeps them.", NULL,
		&grant_retention, 400 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL,
		NULL);

	DefineCustomStringVariable(
		"pgtoken.http_anonymous_role",
		"Role that pgtoken_http.admit() answers for requests whose token names none, or that have no token.",
		NULL, &guc_http_anonymous_role, "web_anon", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pgtoken.http_answer_request_id",
		"Answer each request with its id in X-Request-Id, by which audit and logs have it.",
		"Not where others may keep the answer: there it would be that of another request.",
		&guc_http_answer_request_id, true, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_authenticator",
		"Login roles of the HTTP layers: only in their sessions is believed what a layer says of address and certificate.",
		"Names as in SQL, separated by commas.", &guc_http_authenticator, "authenticator",
		PGC_SUSET, GUC_LIST_INPUT, check_http_authenticator, NULL, NULL);

	DefineCustomStringVariable("pgtoken.http_client_address_header",
							   "Request header with the client's address; its last element counts.",
							   NULL, &guc_http_client_address_header, "x-forwarded-for", PGC_SUSET,
							   0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_client_certificate_header",
		"Request header with the client's TLS certificate, set by the proxy; empty: none.",
		"RFC 9440's form or percent-encoded PEM.  The proxy must remove the header from what clients send.",
		&guc_http_client_certificate_header, "", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pgtoken.http_client_certificates_verified",
		"Has the layer or its proxy verified who has signed the certificates that it hands over?",
		"Off, they count by what is registered of them themselves (self_signed_tls_client_auth, bound tokens), and not by the names in them.",
		&guc_http_client_certificates_verified, true, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_context_headers",
		"Request headers that the proxy sets and members of the context they become: member=header, ...; empty: none.",
		"The proxy must remove the headers from what clients send.", &guc_http_context_headers, "",
		PGC_SUSET, 0, check_http_context_headers, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_cors_origins",
		"Origins whose scripts may call the HTTP endpoints, separated by commas; empty: any.", NULL,
		&guc_http_cors_origins, "", PGC_SUSET, GUC_LIST_INPUT, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_issuer",
		"Issuer that the HTTP endpoints, and the functions for the application's pages, speak for; empty: the one of the request's host and path, or the default one.",
		NULL, &guc_http_issuer, "", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_notify_channel",
		"Channel on which PostgREST is told that signing keys have changed; empty: none.",
		"A transaction that has notified cannot be prepared (PREPARE TRANSACTION).",
		&http_notify_channel, "pgrst", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_request_id_header",
		"Request header with the id that the proxy gives each request; empty: none.",
		"For layers that say no id themselves.  The proxy must replace what clients send under that name.",
		&guc_http_request_id_header, "", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_resource",
		"API that pgtoken_http.pre_request() and admit() stand for: tokens for others are refused; empty: not checked.",
		NULL, &guc_http_resource, "", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_resource_metadata",
		"URL of that API's metadata (RFC 9728), for its challenges; empty: the well-known place of pgtoken.http_resource.",
		NULL, &guc_http_resource_metadata, "", PGC_SUSET, 0, check_http_url, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.http_resource_url",
		"Public base URL of that API, for DPoP proofs; empty: pgtoken.http_resource.", NULL,
		&guc_http_resource_url, "", PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable(
		"pgtoken.http_trace_context",
		"Keep the trace that a request belongs to (traceparent of W3C Trace Context) with its audit events.",
		"Any sender may name any trace.", &guc_http_trace_context, true, PGC_SUSET, 0, NULL, NULL,
		NULL);

	DefineCustomIntVariable(
		"pgtoken.impersonation_lifetime",
		"Life of tokens that are issued to somebody who acts for the subject, at most.", NULL,
		&guc_impersonation_lifetime, 900, 60, 3600, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.installation_id", "The installation whose tokens may be signed here; empty: any.",
		"Kept outside of the database; a database that has another one is a copy, see pgtoken.adopt_copy().",
		&guc_installation_id, "", PGC_SUSET, 0, check_installation_id, NULL, NULL);

	DefineCustomIntVariable("pgtoken.lineage_retention",
							"Age at which maintain() drops lineage partitions; 0 keeps them.",
							"A partition stays for as long as a family it can belong to lives.",
							&lineage_retention, 400 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.lockstep_generations",
		"How many generations running may be answered from two contexts until that is reuse; 0 is never.",
		"A client and a thief who follows it within the retry window have each of them.",
		&guc_lockstep_generations, 3, 0, 1000, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomEnumVariable(
		"pgtoken.log_refusals",
		"Level at which each refused request is written to the server's log.",
		"Never to the client. debug1: where the log has messages of that level.", &guc_log_refusals,
		LOG_REFUSALS_DEBUG, log_refusals_options, PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.max_configuration_lag",
		"How old the configuration of a subscriber may be for it to issue tokens; 0 is no limit.",
		"One that does not know how old it is, since its primary is away, its worker is down or fails, is taken for older.  Only where the configuration comes by configure_as_subscriber().",
		&guc_max_configuration_lag, 5 * 60 * 1000, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MS, NULL, NULL,
		NULL);

	DefineCustomIntVariable(
		"pgtoken.max_replay_lag",
		"Lag of replay at which a standby refuses to say whether a token holds; 0 is no limit.",
		"A standby that hears nothing of its primary lags too.  wal_receiver_timeout must be shorter.",
		&guc_max_replay_lag, 0, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.metrics_networks",
		"Networks, separated by commas, from which /metrics is answered without a token; empty: from none.",
		"What counts is the address that the layer vouches for: behind a proxy that it was not told of that is the proxy's, whoever asks.",
		&guc_metrics_networks, "", PGC_SUSET, GUC_LIST_INPUT, check_metrics_networks, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.pkcs11_module",
		"Library by which signing keys in hardware are reached (PKCS #11).",
		"A path.  A session that has reached one keeps the library until that fails.  Set in the configuration file or by ALTER SYSTEM alone.",
		&guc_pkcs11_module, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.pkcs11_pin_file", "File with the PIN of the tokens that hold signing keys.",
		"One line.  Readable by the server's user only.  Set in the configuration file or by ALTER SYSTEM alone.",
		&guc_pkcs11_pin_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.pushed_request_lifetime", "Life of a pushed authorization request.", NULL,
		&guc_pushed_request_lifetime, 90, 10, 600, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.refresh_absolute_lifetime",
							"Life of a family, which rotation does not extend.", NULL,
							&guc_refresh_absolute_lifetime, 30 * SECONDS_PER_DAY, 60, SECONDS_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.refresh_idle_lifetime",
							"Time without a refresh after which a family ends.", NULL,
							&guc_refresh_idle_lifetime, 14 * SECONDS_PER_DAY, 60, SECONDS_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.refused_requests",
		"Number of refused requests that the server keeps; 0 keeps none.",
		"1.3 kB each, in shared memory. Read when the server starts and loads the library; made at need, there is room for 500.",
		&guc_refused_requests, SHARED_REFUSED_REQUESTS, 0, 100000, SHARED_SIZE_CONTEXT, 0, NULL,
		NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.retry_window_bound",
		"How long a client that proves a key or certificate may retry a refresh and get the same "
		"successor; 0 is strict, -1 until the idle end.",
		"By DPoP, mutual TLS or private_key_jwt.", &guc_retry_window_bound, -1, -1, SECONDS_MAX,
		PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.retry_window_confidential",
							"How long a client with a secret may retry a refresh and get the same "
							"successor; 0 is strict.",
							NULL, &guc_retry_window_confidential, 60, 0, 3600, PGC_SUSET,
							GUC_UNIT_S, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.retry_window_public",
							"How long a public client that proves no key may retry a refresh and "
							"get the same successor; 0 is strict.",
							NULL, &guc_retry_window_public, 30, 0, 3600, PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.reuse_retention",
		"How long after the reuse maintain() keeps reused families, with their lineage and audit; 0 keeps them.",
		"Never for less than other families, lineage and audit.", &reuse_retention,
		1200 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.root_key_file", "File with the root keys that wrap private keys and peppers.",
		"One key of 64 hexadecimal digits per line; the first wraps, all "
		"unwrap.  Readable by the server's user only.  Set in the configuration file or by ALTER SYSTEM alone.",
		&guc_root_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken.shard",
		"Which of several databases this one is, as K/N: number K, from 0, of N; empty: it is alone.",
		"Subjects of other shards are refused, and requests that belong to them are sent on. Set by ALTER DATABASE.",
		&shard, "", PGC_SUSET, 0, shard_check, shard_assign, NULL);

	DefineCustomIntVariable(
		"pgtoken.shared_replay_ids",
		"Number of used DPoP proofs and client assertions that the server remembers beside the table; 0 remembers none.",
		"40 bytes each, in shared memory. Read when the server starts and loads the library; made at need, there is room for 65536.",
		&guc_shared_replay_ids, SHARED_REPLAY_IDS, 0, 16 * 1024 * 1024, SHARED_SIZE_CONTEXT, 0,
		NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.signal_retention",
							"How long a signal waits for a receiver that does not take it.", NULL,
							&signal_retention, 7 * MINUTES_PER_DAY, 1, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.signing_key_lead_time",
							"How long a signing key is published at least before it signs.",
							"But for the first one of an issuer and algorithm.",
							&signing_key_lead_time, 10, 0, 30 * MINUTES_PER_DAY, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.signing_key_lifetime",
							"Age at which maintain() rotates an active signing key; 0 never.", NULL,
							&signing_key_lifetime, 90 * MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable("pgtoken.signing_key_overlap",
							"How long a pending signing key is published before maintain() lets "
							"it sign.",
							NULL, &signing_key_overlap, MINUTES_PER_DAY, 0, INT_MAX, PGC_SUSET,
							GUC_UNIT_MIN, NULL, NULL, NULL);

	/* never shorter than the longest life of an access token */
	DefineCustomIntVariable("pgtoken.signing_key_retiring_period",
							"How long a retiring signing key still verifies.", NULL,
							&signing_key_retiring_period, 2 * MINUTES_PER_DAY, MINUTES_PER_DAY,
							INT_MAX, PGC_SUSET, GUC_UNIT_MIN, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken.status_list_ttl",
		"How long a status list is served, and how long its readers may keep it.",
		"A revocation is known to all of them after twice that.", &guc_status_list_ttl, 60, 2,
		SECONDS_PER_DAY, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);

	MarkGUCPrefixReserved("pgtoken");
}
