/*
 * signing_key.c
 *		Signing keys: made, stored, parsed once per backend, used.
 *
 * The rows are cached by configuration epoch.  The EVP_PKEYs belong to the cache
 * context and end with it through a reset callback, so that an ereport can never
 * leak one.  Verifying needs the public key only; private keys are opened when
 * this backend first signs.  What is in hardware is opened by hardware_key.c.
 */
#include "tables/signing_key.h"

#include "utils/memutils.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/object.h"
#include "base/random.h"
#include "base/store.h"
#include "core/base/b64url.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/jose/jwk.h"
#include "core/jose/key.h"
#include "core/jose/token.h"
#include "tables/hardware_key.h"
#include "tables/issuer.h"
#include "tables/key_material.h"

#define RANDOM_KID_LEN 16

typedef struct KeyNode
{
	SigningKey key; /* first */
	MemoryContextCallback free;
} KeyNode;

static SigningKey *keys = NULL;
static uint64 keys_number = 0;

static void
free_key(void *arg)
{
	SigningKey *key = arg;

	pgtc_key_free(&key->verifier);
	pgtc_key_free(&key->signer);
}

static SigningKeyState
state_of(const char *name)
{
	return strcmp(name, "active") == 0	   ? SIGNING_KEY_ACTIVE
		   : strcmp(name, "retiring") == 0 ? SIGNING_KEY_RETIRING
										   : SIGNING_KEY_PENDING;
}

/* where they go to, which they end with */
typedef struct KeyList
{
	MemoryContext context;
	SigningKey **list;
} KeyList;

static void
read_key(StoreRow *row, void *arg)
{
	const KeyList *target = arg;
	MemoryContext caller = MemoryContextSwitchTo(target->context);
	KeyNode *node = palloc0(sizeof(KeyNode));
	SigningKey *key = &node->key;
	PgtcBuf header;
	Jsonb *jwk;

	key->kid = store_text(row);
	key->issuer = store_text(row);
	key->alg = pgtc_alg_by_name(pgtc_slice_str(store_text(row)));
	key->state = state_of(store_text(row));
	jwk = store_jsonb(row);
	key->public_jwk = object_text(jwk);
	key->uri = store_text(row);
	key->foreign = store_bool(row);
	pgtc_buf_init(&header, &glue_mem);
	glue_check(pgtc_token_header(key->alg, "at+jwt", pgtc_slice_str(key->kid), &header),
			   "writing a header");
	key->access_header = header.data;
	node->free.func = free_key;
	node->free.arg = key;
	MemoryContextRegisterResetCallback(target->context, &node->free);
	key->next = *target->list;
	*target->list = key;
	MemoryContextSwitchTo(caller);
}

/* what read_key reads; one that has never signed here, and is past being pending, is another server's */
#define KEYS_READ                                                           \
	"SELECT k.kid, k.issuer, k.alg, k.state, k.public_jwk, k.uri, "         \
	"k.activated_at IS NULL AND k.state OPERATOR(pg_catalog.<>) 'pending' " \
	"FROM pgtoken.signing_keys k "

static StoreQuery keys_read_query =
	STORE_QUERY("signing keys read", STORE_READS_LATEST,
				KEYS_READ "WHERE k.state OPERATOR(pg_catalog.<>) 'retired'");

static SigningKey *
key_list(void)
{
	if (keys_number != cache_number(CACHE_CONFIG))
	{
		keys = NULL;
		keys_number = 0;
		store_run(&keys_read_query, NULL, read_key, &(KeyList){cache_context(CACHE_CONFIG), &keys});
		keys_number = cache_number(CACHE_CONFIG);
	}
	return keys;
}

static char *
material_id(const char *kid)
{
	return psprintf("key:%s", kid);
}

static void
open_signer(SigningKey *key)
{
	PgtcBuf buf;
	PgtcCode code;

	if (key->signer.alg)
		return;
	pgtc_buf_init(&buf, &glue_mem);
	key_material_read(material_id(key->kid), &buf);
	code = pgtc_key_read_private(key->alg, (const uint8_t *) buf.data, buf.len, &key->signer);
	pgtc_buf_free(&buf);
	glue_check(code, "reading a private key");
	cache_stats.key_parses++;
}

const SigningKey *
signing_key_active(const char *issuer, const PgtcAlg *alg)
{
	issuer_require_own(issuer_get(issuer));
	for (SigningKey *key = key_list(); key; key = key->next)
	{
		if (key->state == SIGNING_KEY_ACTIVE && key->alg == alg && strcmp(key->issuer, issuer) == 0)
		{
			if (key->uri == NULL)
				open_signer(key);
			return key;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("there is no active signing key for algorithm %s", alg->name),
					errdetail("The issuer is \"%s\".", issuer),
					errhint("SELECT pgtoken.create_signing_key('%s', '%s');", alg->name, issuer)));
}

static const SigningKey *
open_verifier(SigningKey *key)
{
	if (key->public_jwk == NULL)
		open_signer(key); /* an HMAC key verifies with what it signs with */
	else if (key->verifier.alg == NULL)
	{
		glue_check(pgtc_jwk_read(key->alg, pgtc_slice_str(key->public_jwk), &key->verifier),
				   "reading a public key");
		cache_stats.key_parses++;
	}
	return key;
}

static const char *
open_hardware(const SigningKey *key, const PgtcKey **signer)
{
	return hardware_key_open(
		&(HardwareKeyName){key->kid, key->uri, key->alg,
						   &open_verifier(unconstify(SigningKey *, key))->verifier},
		signer);
}

/* NULL: it is signed; otherwise why it is not, and whether it is worth a second try */
static const char *
write_by_hardware(const SigningKey *key, const PgtcTokenSpec *spec, PgtcBuf *out, const char *doing,
				  bool *again)
{
	const PgtcKey *signer;
	const char *problem = open_hardware(key, &signer);
	PgtcCode code;

	*again = problem == NULL;
	if (problem)
		return problem;
	code = pgtc_token_write(spec, signer, out);
	if (code == PGTC_E_CRYPTO)
		return "the token makes no signature with the key";
	glue_check(code, doing);
	return NULL;
}

/* where a token was away or has been restored, what was open is no good any more */
void
signing_key_write(const SigningKey *key, const PgtcTokenSpec *spec, PgtcBuf *out, const char *doing)
{
	size_t start = out->len;
	const char *problem;
	bool again;

	if (key->uri == NULL)
	{
		glue_check(pgtc_token_write(spec, &key->signer, out), doing);
		return;
	}
	problem = write_by_hardware(key, spec, out, doing, &again);
	if (problem && again)
	{
		hardware_key_close_all();
		out->len = start;
		problem = write_by_hardware(key, spec, out, doing, &again);
	}
	if (problem == NULL)
		return;
	hardware_key_close_all();
	hardware_key_fail(key->kid, problem);
}

const char *
signing_key_hardware_problem(const char *kid)
{
	const PgtcKey *signer;

	for (SigningKey *key = key_list(); key; key = key->next)
	{
		if (strcmp(key->kid, kid) == 0 && key->uri)
		{
			hardware_key_close_all();
			return open_hardware(key, &signer);
		}
	}
	return "there is no such key";
}

const SigningKey *
signing_key_verifying(const char *kid)
{
	for (SigningKey *key = key_list(); key; key = key->next)
	{
		if (key->state != SIGNING_KEY_PENDING && strcmp(key->kid, kid) == 0)
			return open_verifier(key);
	}
	return NULL;
}

/* by maintain() at its time: one that was retired for another reason may be known to somebody */
static StoreQuery key_at_its_end_query =
	STORE_QUERY("retired signing key", STORE_READS_LATEST,
				KEYS_READ "WHERE k.kid" EQ "$1 AND k.state" EQ "'retired' AND k.retire_reason" EQ
						  "'end of life' "
						  "AND k.retired_at OPERATOR(pg_catalog.>=) k.retires_at");

const SigningKey *
signing_key_at_its_end(const char *kid)
{
	SigningKey *key = NULL;
	StoreArgs args = {0};

	store_arg_text(&args, kid);
	store_run(&key_at_its_end_query, &args, read_key, &(KeyList){CurrentMemoryContext, &key});
	/* an HMAC key has gone with its secret */
	return key && key->public_jwk ? open_verifier(key) : key;
}

const SigningKey *
signing_key_of_header(PgtcSlice header)
{
	for (SigningKey *key = key_list(); key; key = key->next)
	{
		if (key->state != SIGNING_KEY_PENDING &&
			pgtc_slice_equal(header, pgtc_slice_str(key->access_header)))
			return open_verifier(key);
	}
	return NULL;
}

/* RFC 7638 thumbprint; random for HMAC, where a digest would tell something of the secret */
static char *
kid_of(const PgtcKey *key)
{
	char *kid;

	if (key->alg->kty == PGTC_KTY_OCT)
	{
		uint8_t random[RANDOM_KID_LEN];

		random_bytes(random, sizeof(random));
		kid = palloc0(pgtc_b64url_encoded_len(sizeof(random)) + 1);
		pgtc_b64url_encode(random, sizeof(random), kid);
		return kid;
	}
	kid = palloc(PGTC_THUMBPRINT_LEN + 1);
	glue_check(pgtc_jwk_thumbprint(key, &glue_mem, kid), "naming a key");
	return kid;
}

static PgtcKey *
make_key(const PgtcAlg *alg, const char *private_key)
{
	PgtcKey *key = glue_new_key();
	PgtcCode code = private_key ? pgtc_key_import(alg, pgtc_slice_str(private_key), key)
								: pgtc_key_generate(alg, key);

	if (private_key && (code == PGTC_E_MALFORMED || code == PGTC_E_KEY || code == PGTC_E_TOO_LONG))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the private key cannot be used for %s", alg->name),
						errdetail("The key was refused: %s.", pgtc_code_text(code)),
						errhint("Give an unencrypted PEM private key of the algorithm's type, or "
								"for HS256 the base64url form of at least 32 bytes.")));
	glue_check(code, "making a key");
	return key;
}

static bool
has_key_in_state(const char *issuer, const PgtcAlg *alg, SigningKeyState state)
{
	for (const SigningKey *key = key_list(); key; key = key->next)
	{
		if (key->state == state && key->alg == alg && strcmp(key->issuer, issuer) == 0)
			return true;
	}
	return false;
}

static StoreQuery issuer_lock_query =
	STORE_QUERY("issuer lock", STORE_READS,
				"SELECT 0 FROM pgtoken.issuers i WHERE i.issuer" EQ "$1 FOR NO KEY UPDATE");

static StoreQuery key_insert_query =
	STORE_QUERY("signing key insert", STORE_WRITES,
				"INSERT INTO pgtoken.signing_keys (kid, issuer, alg, state, public_jwk, uri, "
				"activated_at) VALUES ($1, $2, $3, $4, $5, $6, "
				"CASE WHEN $4" EQ "'active' THEN pg_catalog.now() END)");

/* holds the issuer's keys until the transaction ends; returns the state that the next one gets */
const char *
signing_key_begin_create(const char *issuer, const PgtcAlg *alg)
{
	StoreArgs lock = {0};

	store_arg_text(&lock, issuer);
	store_run(&issuer_lock_query, &lock, NULL, NULL);
	cache_begin(); /* what another session did to the keys meanwhile */
	if (!has_key_in_state(issuer, alg, SIGNING_KEY_ACTIVE))
		return "active";
	if (has_key_in_state(issuer, alg, SIGNING_KEY_PENDING))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a pending signing key for algorithm %s is there already", alg->name),
				 errdetail("The issuer is \"%s\".", issuer),
				 errhint("Let it sign with pgtoken.rotate_signing_key('%s', '%s'), or end it with "
						 "pgtoken.retire_signing_key(kid).",
						 alg->name, issuer)));
	return "pending";
}

static char *
insert_key(const char *issuer, const PgtcKey *key, const char *state, const char *uri)
{
	StoreArgs args = {0};
	PgtcBuf buf;
	char *kid = kid_of(key);

	store_arg_text(&args, kid);
	store_arg_text(&args, issuer);
	store_arg_text(&args, key->alg->name);
	store_arg_text(&args, state);
	if (key->alg->kty == PGTC_KTY_OCT)
		store_arg_jsonb(&args, NULL);
	else
	{
		pgtc_buf_init(&buf, &glue_mem);
		glue_check(pgtc_jwk_write(key, pgtc_slice_str(kid), &buf), "writing a public key");
		store_arg_jsonb(&args, object_of_buf(&buf));
	}
	store_arg_text(&args, uri);
	store_run(&key_insert_query, &args, NULL, NULL);
	return kid;
}

void
signing_key_store_private(const char *kid, const PgtcKey *key)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	glue_check(pgtc_key_write_private(key, &buf), "writing a private key");
	key_material_insert(material_id(kid), buf.data, buf.len);
	pgtc_buf_free(&buf);
}

char *
signing_key_create(const char *issuer, const PgtcAlg *alg, const char *private_key)
{
	const char *state = signing_key_begin_create(issuer, alg);
	PgtcKey *key = make_key(alg, private_key);
	char *kid = insert_key(issuer, key, state, NULL);

	signing_key_store_private(kid, key);
	return kid;
}

char *
signing_key_create_in_hardware(const char *issuer, const PgtcAlg *alg, const char *uri)
{
	const char *state = signing_key_begin_create(issuer, alg);
	PgtcKey *public_key = glue_new_key();
	const PgtcKey *signer;
	const char *problem;
	char *kid;

	hardware_key_look(uri, alg, public_key);
	kid = insert_key(issuer, public_key, state, uri);
	problem = hardware_key_open(&(HardwareKeyName){kid, uri, alg, public_key}, &signer);
	if (problem)
		hardware_key_fail(kid, problem);
	return kid;
}
