/*
 * issuer.c
 *		Issuers and their peppers, cached by configuration epoch.
 *
 * The table is small and read whole.  A pepper is wiped when its cache goes.
 */
#include "tables/issuer.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/guc.h"
#include "base/random.h"
#include "base/store.h"
#include "core/base/buf.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/jose/alg.h"
#include "core/oauth/refresh_token.h"
#include "tables/key_material.h"

typedef struct IssuerNode
{
	Issuer issuer; /* first */
	MemoryContextCallback wipe;
	struct IssuerNode *next;
} IssuerNode;

static IssuerNode *issuers = NULL;
static uint64 issuers_number = 0;

static void
wipe_pepper(void *arg)
{
	pgtc_crypto_wipe(((IssuerNode *) arg)->issuer.pepper, PGTC_PEPPER_LEN);
}

/* a Host header or the authority of a URL, so that equal ones are equal strings */
static char *
authority_of(PgtcSlice host, PgtcSlice port)
{
	char *authority =
		port.len == 0 || pgtc_slice_equal(port, pgtc_slice_str("443")) ||
				pgtc_slice_equal(port, pgtc_slice_str("80"))
			? pnstrdup(host.data, host.len)
			: psprintf("%.*s:%.*s", (int) host.len, host.data, (int) port.len, port.data);

	for (char *c = authority; *c; c++)
		*c = pg_ascii_tolower(*c);
	return authority;
}

/* what create_issuer() has let in is a URL (core/base/uri.h) */
static void
read_url(const char *text, char **authority, char **path)
{
	PgtcUrl url;
	size_t len;

	if (!pgtc_url_split(pgtc_slice_str(text), &url))
		elog(ERROR, "the issuer \"%s\" is no URL", text);
	len = url.rest.len;
	while (len > 0 && url.rest.data[len - 1] == '/')
		len--;
	*authority = authority_of(url.host, url.port);
	*path = pnstrdup(len > 0 ? url.rest.data : "", len);
}

static void
read_issuer(StoreRow *row, void *arg)
{
	MemoryContext cache = cache_context(CACHE_CONFIG);
	MemoryContext caller = MemoryContextSwitchTo(cache);
	IssuerNode *node = palloc0(sizeof(IssuerNode));

	(void) arg;
	node->issuer.issuer = store_text(row);
	read_url(node->issuer.issuer, &node->issuer.authority, &node->issuer.path);
	node->issuer.is_default = store_bool(row);
	node->issuer.default_alg = pgtc_alg_by_name(pgtc_slice_str(store_text(row)));
	node->issuer.login_uri = store_text(row);
	node->issuer.logout_uri = store_text(row);
	node->issuer.verification_uri = store_text(row);
	node->issuer.claims_function = store_text(row);
	node->issuer.password_verifier = store_text(row);
	node->issuer.dpop_nonce_required = store_bool(row);
	node->issuer.acr_levels = store_texts(row, &node->issuer.n_acr_levels);
	node->issuer.factor_acr = store_jsonb(row);
	node->issuer.webauthn_rp_id = store_text(row);
	node->issuer.webauthn_origins = store_texts(row, &node->issuer.n_webauthn_origins);
	node->issuer.registration = store_text(row);
	node->issuer.mtls_base_uri = store_text(row);
	if (node->issuer.mtls_base_uri)
		read_url(node->issuer.mtls_base_uri, &node->issuer.mtls_authority, &node->issuer.mtls_path);
	node->issuer.codes_by_courier = store_bool(row);
	node->issuer.sessions.max = store_int(row, 0);
	node->issuer.sessions.refuse = store_bool(row);
	node->issuer.status_lists = store_bool(row);
	store_epochs(row, &node->issuer.epochs);
	node->issuer.installation_id = store_text(row);
	node->wipe.func = wipe_pepper;
	node->wipe.arg = node;
	MemoryContextRegisterResetCallback(cache, &node->wipe);
	node->next = issuers;
	issuers = node;
	MemoryContextSwitchTo(caller);
}

static StoreQuery issuers_read_query = STORE_QUERY(
	"issuers read", STORE_READS_LATEST,
	"SELECT i.issuer, i.is_default, i.default_alg, i.login_uri, i.logout_uri, "
	"i.verification_uri, i.claims_function, i.password_verifier, "
	"i.dpop_nonce_required, i.acr_levels, i.factor_acr, i.webauthn_rp_id, i.webauthn_origins, i.registration, i.mtls_base_uri, "
	"i.code_delivery" EQ "'courier', i.max_sessions, i.at_session_limit" EQ
	"'refuse', i.status_lists, " EPOCH_COLUMNS(
		"i") ", (SELECT s.installation_id::pg_catalog.text FROM pgtoken.installation s) "
			 "FROM pgtoken.issuers i");

static void
read_issuers(void)
{
	if (issuers_number == cache_number(CACHE_CONFIG))
		return;
	issuers = NULL;
	issuers_number = 0;
	store_run(&issuers_read_query, NULL, read_issuer, NULL);
	issuers_number = cache_number(CACHE_CONFIG);
}

Issuer *
issuer_find(const char *issuer)
{
	read_issuers();
	for (IssuerNode *node = issuers; node; node = node->next)
	{
		if (issuer ? strcmp(node->issuer.issuer, issuer) == 0 : node->issuer.is_default)
			return &node->issuer;
	}
	return NULL;
}

/* NULL: it is none */
static char *
authority_of_host(const char *host)
{
	PgtcUrl url;

	if (!pgtc_url_split(pgtc_slice_str(psprintf("https://%s", host)), &url) || url.rest.len > 0)
		return NULL;
	return authority_of(url.host, url.port);
}

static bool
is_at(const char *authority, const char *host_authority)
{
	return authority && strcmp(authority, host_authority) == 0;
}

const char *
issuer_path_at(const Issuer *issuer, const char *host, bool mtls)
{
	char *authority = authority_of_host(host);

	if (authority == NULL || !is_at(mtls ? issuer->mtls_authority : issuer->authority, authority))
		return NULL;
	return mtls ? issuer->mtls_path : issuer->path;
}

Issuer *
issuer_next_at(const char *host, const Issuer *before)
{
	char *authority = authority_of_host(host);

	read_issuers();
	if (authority == NULL)
		return NULL;
	/* before is the first member of its node */
	for (IssuerNode *node = before ? ((const IssuerNode *) before)->next : issuers; node;
		 node = node->next)
	{
		if (is_at(node->issuer.authority, authority) ||
			is_at(node->issuer.mtls_authority, authority))
			return &node->issuer;
	}
	return NULL;
}

bool
issuer_is_known(void)
{
	return issuers && issuers_number == cache_number(CACHE_CONFIG);
}

Issuer *
issuer_get(const char *issuer)
{
	Issuer *found = issuer_find(issuer);

	if (found == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("there is no such issuer"),
						issuer ? errdetail("The issuer \"%s\" has not been created.", issuer)
							   : errdetail("No issuer has been created yet."),
						errhint("SELECT pgtoken.create_issuer('https://...');")));
	return found;
}

Issuer *
issuer_of_session(void)
{
	return issuer_get(guc_http_issuer[0] ? guc_http_issuer : NULL);
}

PgtcSlice
issuer_base(const char *issuer)
{
	size_t len = strlen(issuer);

	return pgtc_slice(issuer, issuer[len - 1] == '/' ? len - 1 : len);
}

char *
issuer_url(const char *issuer, const char *path)
{
	PgtcSlice base = issuer_base(issuer);

	return psprintf("%.*s%s", (int) base.len, base.data, path);
}

void
issuer_require_own(const Issuer *issuer)
{
	if (guc_installation_id[0] == '\0' || issuer->installation_id == NULL ||
		pg_strcasecmp(guc_installation_id, issuer->installation_id) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("this database is a copy of another installation, and signs no tokens"),
			 errdetail("Its id is %s, pgtoken.installation_id is %s.", issuer->installation_id,
					   guc_installation_id),
			 errhint("Give it an issuer and keys of its own: SELECT "
					 "pgtoken.adopt_copy('https://...'). If it is the original that has moved, set "
					 "pgtoken.installation_id to its id.")));
}

static char *
pepper_id(const char *issuer)
{
	return psprintf("pepper:%s", issuer);
}

const uint8_t *
issuer_pepper(Issuer *issuer)
{
	if (!issuer->pepper_loaded)
	{
		PgtcBuf buf;

		pgtc_buf_init(&buf, &glue_mem);
		key_material_read(pepper_id(issuer->issuer), &buf);
		if (buf.len != PGTC_PEPPER_LEN)
			elog(ERROR, "the pepper of an issuer has the wrong length");
		memcpy(issuer->pepper, buf.data, PGTC_PEPPER_LEN);
		pgtc_buf_free(&buf);
		issuer->pepper_loaded = true;
	}
	return issuer->pepper;
}

void
issuer_subkey(Issuer *issuer, const char *purpose, uint8_t out[PGTC_SHA256_LEN])
{
	glue_check(pgtc_crypto_hmac_sha256(issuer_pepper(issuer), PGTC_PEPPER_LEN, purpose,
									   strlen(purpose), out),
			   "deriving a key");
}

void
issuer_create_pepper(const char *issuer)
{
	uint8_t pepper[PGTC_PEPPER_LEN];

	random_bytes(pepper, sizeof(pepper));
	key_material_insert(pepper_id(issuer), pepper, sizeof(pepper));
	pgtc_crypto_wipe(pepper, sizeof(pepper));
}
