/*
 * imported_key.c
 *		Signing keys of another server, which keep the name they have there: so that what it
 *		has signed verifies as before.
 *
 * One that is to verify only is like a key whose successor signs already, and its private
 * part is not kept.
 */
#include "tables/imported_key.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/object.h"
#include "base/store.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/jwk.h"
#include "core/jose/key_import.h"
#include "tables/signing_key.h"

static PgtcCode
read_as(const ImportedKey *imported, const PgtcAlg *alg, PgtcKey *key)
{
	PgtcSlice text = pgtc_slice_str(imported->text);

	if (strcmp(imported->format, "jwk") == 0)
		return pgtc_key_import_jwk(alg, text, key);
	if (strcmp(imported->format, "pkcs12") == 0)
		return pgtc_key_import_pkcs12(alg, text, imported->password, &glue_mem, key);
	return pgtc_key_import(alg, text, key);
}

static void
refuse(const ImportedKey *imported, const PgtcAlg *alg, PgtcCode code)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 alg ? errmsg("the key cannot be used for %s", alg->name)
			 : errmsg("the key can be used for no algorithm of ours"),
		 errdetail("It was read as %s and refused: %s.", imported->format, pgtc_code_text(code)),
		 errhint("Keys are RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519. A PKCS #8 "
				 "key is unencrypted PEM, a PKCS #12 file base64 with its password; one of old "
				 "ciphers is written anew by openssl pkcs12 first.")));
}

static bool
is_refusal(PgtcCode code)
{
	return code == PGTC_E_MALFORMED || code == PGTC_E_KEY || code == PGTC_E_TOO_LONG ||
		   code == PGTC_E_DUPLICATE;
}

/* by the algorithm that is named, or the first that suits: of RSA's that is RS256 */
static PgtcKey *
read_key(const ImportedKey *imported, const PgtcAlg *named)
{
	static const char *const likely[] = {"ES256", "RS256", "EdDSA", "ES384", "ES512"};
	PgtcKey *key = glue_new_key();
	PgtcCode code = PGTC_E_KEY;

	for (size_t i = 0; code != PGTC_OK && i < (named ? 1 : lengthof(likely)); i++)
		code = read_as(imported, named ? named : pgtc_alg_by_name(pgtc_slice_str(likely[i])), key);
	if (is_refusal(code))
		refuse(imported, named, code);
	glue_check(code, "reading a key");
	return key;
}

static bool
is_kid(PgtcSlice kid)
{
	for (size_t i = 0; i < kid.len; i++)
	{
		if (kid.data[i] < '!' || kid.data[i] > '~')
			return false;
	}
	return kid.len <= PGTC_KID_MAX;
}

static char *
kid_of(const ImportedKey *imported, const char *of_jwk, const PgtcKey *key)
{
	char *kid;
	PgtcSlice given = pgtc_slice_str(imported->kid ? imported->kid : of_jwk);

	if (!is_kid(given))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("kid must be at most %d printable ASCII characters", PGTC_KID_MAX)));
	if (given.len > 0)
		return pstrdup(given.data);
	kid = palloc(PGTC_THUMBPRINT_LEN + 1);
	glue_check(pgtc_jwk_thumbprint(key, &glue_mem, kid), "naming a key");
	return kid;
}

typedef struct KnownKey
{
	char *issuer;
	char *thumbprint_of; /* its public JWK */
} KnownKey;

static void
read_known(StoreRow *row, void *arg)
{
	KnownKey *known = arg;

	known->issuer = store_text(row);
	known->thumbprint_of = object_text(store_jsonb(row));
}

static StoreQuery known_key_query =
	STORE_QUERY("signing key by kid", STORE_READS_LATEST,
				"SELECT k.issuer, k.public_jwk FROM pgtoken.signing_keys k WHERE k.kid" EQ "$1");

/* is it this very key? ereport(55000): another one has the name */
static bool
is_known(const char *issuer, const char *kid, const PgtcKey *key)
{
	StoreArgs args = {0};
	KnownKey known = {0};
	PgtcBuf ours;

	store_arg_text(&args, kid);
	if (store_run(&known_key_query, &args, read_known, &known) == 0)
		return false;
	pgtc_buf_init(&ours, &glue_mem);
	glue_check(pgtc_jwk_write(key, pgtc_slice_str(kid), &ours), "writing a public key");
	if (strcmp(known.issuer, issuer) == 0 && known.thumbprint_of &&
		strcmp(known.thumbprint_of, object_text(object_of_buf(&ours))) == 0)
		return true;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("another key has the kid \"%s\"", kid),
					errdetail("Key ids are unique over all issuers.")));
}

static StoreQuery key_import_query = STORE_QUERY(
	"signing key import", STORE_WRITES,
	"INSERT INTO pgtoken.signing_keys (kid, issuer, alg, state, public_jwk, activated_at, "
	"retiring_at, retires_at) VALUES ($1, $2, $3, $4, $5, "
	"CASE WHEN $4" EQ "'active' THEN pg_catalog.now() END, "
	"CASE WHEN $4" EQ "'retiring' THEN pg_catalog.now() END, $6)");

static void
insert(const char *issuer, const char *kid, const PgtcKey *key, const char *state,
	   TimestampTz retires_at)
{
	StoreArgs args = {0};
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	glue_check(pgtc_jwk_write(key, pgtc_slice_str(kid), &buf), "writing a public key");
	store_arg_text(&args, kid);
	store_arg_text(&args, issuer);
	store_arg_text(&args, key->alg->name);
	store_arg_text(&args, state);
	store_arg_jsonb(&args, object_of_buf(&buf));
	store_arg_time(&args, retires_at);
	store_run(&key_import_query, &args, NULL, NULL);
}

char *
imported_key_take(const char *issuer, const ImportedKey *imported, bool *existed)
{
	char of_jwk[PGTC_KID_MAX + 1] = "";
	const PgtcAlg *alg = NULL;
	PgtcKey *key;
	char *kid;

	if (strcmp(imported->format, "jwk") == 0)
		(void) pgtc_key_import_names(pgtc_slice_str(imported->text), of_jwk, &alg);
	key = read_key(imported, imported->alg ? imported->alg : alg);
	if (key->alg->kty == PGTC_KTY_OCT)
		refuse(imported, key->alg, PGTC_E_KEY);
	kid = kid_of(imported, of_jwk, key);
	*existed = is_known(issuer, kid, key);
	if (*existed)
		return kid;
	if (imported->verify_until != DT_NOBEGIN)
		insert(issuer, kid, key, "retiring", imported->verify_until);
	else if (!key->is_private)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a public key signs nothing"),
				 errhint("Give verify_until for a key that is to verify only.")));
	else
	{
		insert(issuer, kid, key, signing_key_begin_create(issuer, key->alg), DT_NOBEGIN);
		signing_key_store_private(kid, key);
	}
	return kid;
}
