/*
 * imports.c
 *		SQL-callable functions of what another server has handed out.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/cache.h"
#include "base/glue.h"
#include "base/request.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/oauth/foreign_token.h"
#include "operations/import_family.h"
#include "sql/argument.h"
#include "tables/imported_key.h"
#include "tables/imported_source.h"
#include "tables/issuer.h"

PG_FUNCTION_INFO_V1(pgt_import_family);
PG_FUNCTION_INFO_V1(pgt_import_hmac_sha256);
PG_FUNCTION_INFO_V1(pgt_import_open);
PG_FUNCTION_INFO_V1(pgt_import_open_by);
PG_FUNCTION_INFO_V1(pgt_import_signing_key);
PG_FUNCTION_INFO_V1(pgt_import_token_secret);
PG_FUNCTION_INFO_V1(pgt_imported_family);

#define SOURCE_MAX 63
#define SECRET_MIN 16

/* a name that stands in the audit, in labels and in what secrets are derived by */
static char *
argument_source(FunctionCallInfo fcinfo, int arg)
{
	char *source = argument_required_text(fcinfo, arg, "source");
	size_t len = strlen(source);

	if (len == 0 || len > SOURCE_MAX ||
		strspn(source, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("source must be 1 to %d of a-z, 0-9, _ and -", SOURCE_MAX)));
	return source;
}

static const uint8_t *
argument_digest(FunctionCallInfo fcinfo, int arg)
{
	bytea *digest;

	glue_require(!PG_ARGISNULL(arg), "token_digest");
	digest = PG_GETARG_BYTEA_PP(arg);
	if (VARSIZE_ANY_EXHDR(digest) != PGTC_SHA256_LEN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("token_digest must be a SHA-256, of %d bytes", PGTC_SHA256_LEN)));
	return (const uint8_t *) VARDATA_ANY(digest);
}

/* DT_NOBEGIN: not given, which -infinity must not pass for: what ended then would begin now */
static TimestampTz
argument_time(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		return DT_NOBEGIN;
	if (TIMESTAMP_IS_NOBEGIN(PG_GETARG_TIMESTAMPTZ(arg)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be -infinity", name)));
	return PG_GETARG_TIMESTAMPTZ(arg);
}

static PgtcForeignFormat
argument_format(FunctionCallInfo fcinfo, int arg)
{
	int format = strings_find(pgtc_foreign_token_format,
							  argument_required_text(fcinfo, arg, "token_format"));

	if (format < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("token_format must be one of %s",
							   strings_joined(pgtc_foreign_token_format, ", "))));
	return (PgtcForeignFormat) format;
}

static const char *
argument_issuer(FunctionCallInfo fcinfo, int arg)
{
	return issuer_get(argument_text(fcinfo, arg))->issuer;
}

Datum
pgt_import_family(PG_FUNCTION_ARGS)
{
	ImportRequest request = {0};
	pg_uuid_t *grant_id = palloc(sizeof(pg_uuid_t));

	request.auth.subject = argument_subject(fcinfo, 3);
	request.source = argument_source(fcinfo, 0);
	request.digest = argument_digest(fcinfo, 1);
	request.client_id = argument_required_text(fcinfo, 2, "client_id");
	request.scope = argument_required_text(fcinfo, 4, "scope");
	request.resources = argument_texts(fcinfo, 5, "audience", 0, &request.n_resources);
	request.auth.auth_time = argument_time(fcinfo, 6, "auth_time");
	request.started_at = argument_time(fcinfo, 7, "started_at");
	request.expires_at = argument_time(fcinfo, 8, "expires_at");
	request.auth.acr = argument_non_empty_text(fcinfo, 9);
	request.auth.amr = argument_texts(fcinfo, 10, "amr", -1, &request.auth.n_amr);
	request.auth.session_id = argument_non_empty_text(fcinfo, 11);
	request.auth.claims = request_claims(argument_jsonb(fcinfo, 12));
	request.token_issued_at = argument_time(fcinfo, 13, "token_issued_at");
	request.token_expires_at = argument_time(fcinfo, 14, "token_expires_at");
	request.cnf = confirmation_of_jsonb(argument_jsonb(fcinfo, 15));
	request.format = argument_format(fcinfo, 16);
	request.issuer = argument_non_empty_text(fcinfo, 17);
	if (request.auth.auth_time != DT_NOBEGIN)
		request_auth_time(request.auth.auth_time);
	authentication_check(&request.auth);
	import_family(&request, grant_id);
	PG_RETURN_UUID_P(grant_id);
}

Datum
pgt_imported_family(PG_FUNCTION_ARGS)
{
	char *source = argument_source(fcinfo, 0);
	const uint8_t *digest = argument_digest(fcinfo, 1);
	pg_uuid_t *grant_id = palloc(sizeof(pg_uuid_t));

	cache_begin();
	if (!import_family_of(argument_issuer(fcinfo, 2), source, digest, grant_id))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(grant_id);
}

Datum
pgt_import_token_secret(PG_FUNCTION_ARGS)
{
	char *source = argument_source(fcinfo, 0);
	char *secret = argument_required_text(fcinfo, 1, "secret");
	PgtcForeignFormat format = argument_format(fcinfo, 3);
	ImportSource *locked;

	if (format == PGTC_FOREIGN_WHOLE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a token that is looked up as a whole is not authenticated by a secret"),
				 errhint("token_format is hydra.")));
	if (strlen(secret) < SECRET_MIN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the secret must have %d characters or more", SECRET_MIN),
						errdetail("Hydra takes no shorter one for its secrets.system.")));
	cache_begin();
	locked = imported_source_lock(argument_issuer(fcinfo, 2), source, format);
	PG_RETURN_BOOL(imported_source_add_secret(locked, pgtc_slice_str(secret)));
}

/* NULL: by none of the source's secrets */
/* what was opened as SQL's result; NULL where the key is another's, or it is no text */
static Datum
opened(FunctionCallInfo fcinfo, PgtcCode code, const PgtcBuf *plain)
{
	if (code == PGTC_E_SIGNATURE || code == PGTC_E_MALFORMED)
		PG_RETURN_NULL();
	glue_check(code, "opening what another server has encrypted");
	/* its key says who wrote it, and not that it is a text */
	if (plain->len > 0 && !pg_verify_mbstr(PG_UTF8, plain->data, (int) plain->len, true))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(plain->data ? plain->data : "", (int) plain->len));
}

Datum
pgt_import_open(PG_FUNCTION_ARGS)
{
	char *source_name = argument_source(fcinfo, 0);
	char *text = argument_required_text(fcinfo, 2, "ciphertext");
	ImportSource *source;
	PgtcBuf plain;
	PgtcCode code;

	cache_begin();
	source = imported_source_find(argument_issuer(fcinfo, 1), source_name);
	pgtc_buf_init(&plain, &glue_mem);
	code = source ? imported_source_open(source, pgtc_slice_str(text), &plain) : PGTC_E_SIGNATURE;
	return opened(fcinfo, code, &plain);
}

Datum
pgt_import_open_by(PG_FUNCTION_ARGS)
{
	bytea *key = PG_GETARG_BYTEA_PP(0);
	char *ciphertext = text_to_cstring(PG_GETARG_TEXT_PP(1));
	PgtcBuf plain;
	PgtcCode code;

	if (VARSIZE_ANY_EXHDR(key) != PGTC_FOREIGN_KEY_LEN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("key must be of %d bytes", PGTC_FOREIGN_KEY_LEN)));
	pgtc_buf_init(&plain, &glue_mem);
	code = pgtc_foreign_token_open((const uint8_t *) VARDATA_ANY(key), pgtc_slice_str(ciphertext),
								   &plain);
	return opened(fcinfo, code, &plain);
}

Datum
pgt_import_hmac_sha256(PG_FUNCTION_ARGS)
{
	bytea *key = PG_GETARG_BYTEA_PP(0);
	bytea *message = PG_GETARG_BYTEA_PP(1);
	bytea *mac = palloc(VARHDRSZ + PGTC_SHA256_LEN);

	SET_VARSIZE(mac, VARHDRSZ + PGTC_SHA256_LEN);
	glue_check(pgtc_crypto_hmac_sha256((const uint8_t *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key),
									   VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message),
									   (uint8_t *) VARDATA(mac)),
			   "HMAC");
	PG_RETURN_BYTEA_P(mac);
}

static void
check_format(const ImportedKey *key)
{
	if (strcmp(key->format, "jwk") != 0 && strcmp(key->format, "pkcs8") != 0 &&
		strcmp(key->format, "pkcs12") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("format must be jwk, pkcs8 or pkcs12")));
	if (key->password && strcmp(key->format, "pkcs12") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("password goes with pkcs12 only")));
	if (key->verify_until != DT_NOBEGIN && key->verify_until <= GetCurrentTimestamp())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("verify_until must be in the future"),
						errdetail("The key would be retired at once.")));
}

Datum
pgt_import_signing_key(PG_FUNCTION_ARGS)
{
	ImportedKey key = {.text = argument_required_text(fcinfo, 0, "key"),
					   .format = argument_required_text(fcinfo, 1, "format"),
					   .kid = argument_non_empty_text(fcinfo, 3),
					   .password = argument_text(fcinfo, 5),
					   .verify_until = argument_time(fcinfo, 6, "verify_until")};
	char *alg = argument_non_empty_text(fcinfo, 2);
	bool existed;
	char *kid;

	check_format(&key);
	/* check_alg has seen it */
	key.alg = alg ? pgtc_alg_by_name(pgtc_slice_str(alg)) : NULL;
	cache_begin();
	kid = imported_key_take(argument_issuer(fcinfo, 4), &key, &existed);
	if (existed)
		ereport(NOTICE, (errmsg("the signing key \"%s\" exists already", kid)));
	PG_RETURN_TEXT_P(cstring_to_text(kid));
}
