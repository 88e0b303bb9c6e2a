/*
 * admin.c
 *		SQL-callable functions of administration and validation: unpack, call one
 *		function, build the answer.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/random.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uri.h"
#include "core/base/uri_normal.h"
#include "core/jose/alg.h"
#include "core/jose/certificate_san.h"
#include "core/jose/dn.h"
#include "core/oauth/scope.h"
#include "core/oauth/secret.h"
#include "core/oauth/secret_hash.h"
#include "core/oauth/secret_hash_verify.h"
#include "sql/argument.h"
#include "tables/audit.h"
#include "tables/client.h"
#include "tables/issuer.h"
#include "tables/key_material.h"
#include "tables/signing_key.h"

PG_FUNCTION_INFO_V1(pgt_create_pepper);
PG_FUNCTION_INFO_V1(pgt_hardware_key_status);
PG_FUNCTION_INFO_V1(pgt_library_version);
PG_FUNCTION_INFO_V1(pgt_make_durable);
PG_FUNCTION_INFO_V1(pgt_new_client_secret);
PG_FUNCTION_INFO_V1(pgt_new_registration_secret);
PG_FUNCTION_INFO_V1(pgt_new_signing_key);
PG_FUNCTION_INFO_V1(pgt_new_uuid_sql);
PG_FUNCTION_INFO_V1(pgt_normal_uri);
PG_FUNCTION_INFO_V1(pgt_rewrap_keys);
PG_FUNCTION_INFO_V1(pgt_root_key_status);
PG_FUNCTION_INFO_V1(pgt_secret_hash_scheme);
PG_FUNCTION_INFO_V1(pgt_valid_subject_dn);
PG_FUNCTION_INFO_V1(pgt_valid_certificate_name);
PG_FUNCTION_INFO_V1(pgt_valid_issuer);
PG_FUNCTION_INFO_V1(pgt_valid_redirect_uri);
PG_FUNCTION_INFO_V1(pgt_valid_redirect_uris);
PG_FUNCTION_INFO_V1(pgt_valid_resource);
PG_FUNCTION_INFO_V1(pgt_valid_scopes);
PG_FUNCTION_INFO_V1(pgt_write_audit_event);

Datum
pgt_create_pepper(PG_FUNCTION_ARGS)
{
	issuer_create_pepper(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

Datum
pgt_hardware_key_status(PG_FUNCTION_ARGS)
{
	const char *problem;

	cache_begin();
	problem = signing_key_hardware_problem(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_TEXT_P(cstring_to_text(problem ? problem : "ok"));
}

Datum
pgt_new_signing_key(PG_FUNCTION_ARGS)
{
	/* check_alg has seen it */
	const PgtcAlg *alg = pgtc_alg_by_name(pgtc_slice_str(argument_required_text(fcinfo, 0, "alg")));
	const char *private_key;
	const char *issuer;

	if (alg == NULL)
		elog(ERROR, "unknown signing algorithm");
	cache_begin();
	issuer = issuer_get(PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)))->issuer;
	private_key = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		PG_RETURN_TEXT_P(cstring_to_text(
			signing_key_create_in_hardware(issuer, alg, text_to_cstring(PG_GETARG_TEXT_PP(3)))));
	PG_RETURN_TEXT_P(cstring_to_text(signing_key_create(issuer, alg, private_key)));
}

Datum
pgt_library_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(PGTOKEN_VERSION));
}

Datum
pgt_make_durable(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	store_make_durable();
	PG_RETURN_VOID();
}

static text *
new_secret(const char *prefix)
{
	uint8_t random[PGTC_SECRET_LEN];
	char secret[PGTC_CLIENT_SECRET_LEN + 1];
	text *result;

	random_bytes(random, sizeof(random));
	pgtc_secret_write(prefix, random, secret);
	pgtc_crypto_wipe(random, sizeof(random));
	result = cstring_to_text(secret);
	pgtc_crypto_wipe(secret, sizeof(secret));
	return result;
}

Datum
pgt_new_client_secret(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(new_secret(PGTC_CLIENT_SECRET_PREFIX));
}

Datum
pgt_new_registration_secret(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(
		new_secret(PG_GETARG_BOOL(0) ? PGTC_INITIAL_TOKEN_PREFIX : PGTC_REGISTRATION_TOKEN_PREFIX));
}

Datum
pgt_new_uuid_sql(PG_FUNCTION_ARGS)
{
	pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));

	(void) fcinfo;
	random_uuid(uuid);
	PG_RETURN_UUID_P(uuid);
}

Datum
pgt_normal_uri(PG_FUNCTION_ARGS)
{
	char normal[PGTC_URI_NORMAL_MAX];
	size_t len;

	if (pgtc_uri_normal_write(strings_slice(PG_GETARG_TEXT_PP(0)), normal, &len) != PGTC_OK)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(normal, len));
}

Datum
pgt_rewrap_keys(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_INT32(key_material_rewrap());
}

Datum
pgt_root_key_status(PG_FUNCTION_ARGS)
{
	const char *problem = key_material_root_problem();

	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(problem ? problem : "ok"));
}

static void
refuse_hash(PgtcCode code, const PgtcSecretHash *hash)
{
	switch (code)
	{
		case PGTC_E_TOO_LONG:
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("secret_hash would take too long to verify"),
					errdetail("Whoever presents a wrong secret has the server compute it. The "
							  "bounds: bcrypt cost %d, PBKDF2 %d iterations, Argon2 %d KiB and %d "
							  "KiB times passes, %d lanes, %d bytes of text.",
							  PGTC_BCRYPT_COST_MAX, PGTC_PBKDF2_ITERATIONS_MAX,
							  PGTC_ARGON2_MEMORY_MAX, PGTC_ARGON2_WORK_MAX, PGTC_ARGON2_LANES_MAX,
							  PGTC_SECRET_HASH_MAX),
					errhint("Give the client a new secret with create_client_secret()."));
		case PGTC_E_MALFORMED:
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("secret_hash is not of the form of its scheme"),
					errdetail("A salt has 8 bytes at least and a hash 16, both at most %d.",
							  PGTC_SECRET_HASH_BYTES));
		case PGTC_E_ALG:
			if (hash->scheme)
				ereport(
					ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("%s cannot be verified on this server", hash->scheme),
					errhint("Argon2 needs OpenSSL 3.2 or later, bcrypt a libcrypt that has it."));
			ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("secret_hash is of no scheme that can be imported"),
					errhint("bcrypt ($2a$, $2b$, $2y$), PBKDF2 ($pbkdf2-sha256$, $pbkdf2-sha512$, "
							"pbkdf2_sha256$, pbkdf2_sha512$), Argon2 ($argon2id$, $argon2i$, "
							"$argon2d$)."));
		default:
			glue_check(code, "verifying an imported client secret");
	}
}

/* the libraries are asked with a secret, so that none is let in that they would refuse later */
Datum
pgt_secret_hash_scheme(PG_FUNCTION_ARGS)
{
	PgtcSecretHash hash;
	PgtcCode code = pgtc_secret_hash_read(
		pgtc_slice_str(argument_required_text(fcinfo, 0, "secret_hash")), &hash);

	if (code == PGTC_OK)
		code = pgtc_secret_hash_verify(&hash, pgtc_slice_str("x"));
	if (code != PGTC_OK && code != PGTC_E_SIGNATURE)
		refuse_hash(code, &hash);
	PG_RETURN_TEXT_P(cstring_to_text(hash.scheme));
}

Datum
pgt_valid_subject_dn(PG_FUNCTION_ARGS)
{
	PgtcBuf normal;
	bool valid;

	pgtc_buf_init(&normal, &glue_mem);
	valid = pgtc_dn_normalise(strings_slice(PG_GETARG_TEXT_PP(0)), &glue_mem, &normal) == PGTC_OK;
	pgtc_buf_free(&normal);
	PG_RETURN_BOOL(valid);
}

Datum
pgt_valid_certificate_name(PG_FUNCTION_ARGS)
{
	int kind = strings_find(client_san_member, text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_BOOL(kind >= 0 && pgtc_certificate_san_valid((PgtcSanKind) kind,
														   strings_slice(PG_GETARG_TEXT_PP(1))));
}

Datum
pgt_valid_issuer(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pgtc_uri_check_issuer(strings_slice(PG_GETARG_TEXT_PP(0))) == PGTC_OK);
}

Datum
pgt_valid_redirect_uri(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pgtc_uri_check_redirect(strings_slice(PG_GETARG_TEXT_PP(0))) == PGTC_OK);
}

/* false as well for an array with a NULL or of more than one dimension */
static bool
plain_array(ArrayType *array)
{
	return ARR_NDIM(array) <= 1 && !array_contains_nulls(array);
}

Datum
pgt_valid_redirect_uris(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	PgtcCode (*check)(PgtcSlice) =
		PG_GETARG_BOOL(1) ? pgtc_uri_check_native_redirect : pgtc_uri_check_redirect;
	char **uris;
	int n;

	if (!plain_array(array))
		PG_RETURN_BOOL(false);
	uris = strings_of_array(array, "redirect_uris", &n);
	for (int i = 0; i < n; i++)
	{
		if (check(pgtc_slice_str(uris[i])) != PGTC_OK)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}

Datum
pgt_valid_resource(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pgtc_uri_check_resource(strings_slice(PG_GETARG_TEXT_PP(0))) == PGTC_OK);
}

Datum
pgt_valid_scopes(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	PgtcScope scope = {0};
	char **tokens;
	int n;

	if (!plain_array(array))
		PG_RETURN_BOOL(false);
	tokens = strings_of_array(array, "scopes", &n);
	for (int i = 0; i < n; i++)
	{
		if (pgtc_scope_has_str(&scope, tokens[i]) ||
			pgtc_scope_add(&scope, pgtc_slice_str(tokens[i])) != PGTC_OK)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}

Datum
pgt_write_audit_event(PG_FUNCTION_ARGS)
{
	AuditEvent event = {0};

	glue_require(!PG_ARGISNULL(0), "event");
	event.event = text_to_cstring(PG_GETARG_TEXT_PP(0));
	event.detail = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	event.reason = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	event.client_id = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	event.subject = PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4));
	event.grant_id = PG_ARGISNULL(5) ? NULL : PG_GETARG_UUID_P(5);
	audit_write(&event);
	PG_RETURN_VOID();
}
