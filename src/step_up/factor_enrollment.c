/*
 * factor_enrollment.c
 *		Use cases: the application gives a user a factor, and the user activates it.
 */
#include "step_up/factor_enrollment.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/random.h"
#include "base/request.h"
#include "base/strings.h"
#include "core/base/b64url.h"
#include "core/base/base32.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/form.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/factor/one_time_code.h"
#include "core/factor/totp.h"
#include "core/factor/webauthn.h"
#include "core/jose/alg.h"
#include "core/jose/key.h"
#include "step_up/factor.h"
#include "step_up/factor_evidence.h"

#define FACTORS_MAX 50 /* of a subject */
#define TOTP_SECRET_NEW 20 /* bytes: what authenticator apps expect */
#define TOTP_PERIOD_MIN 15
#define TOTP_PERIOD_MAX 120
#define CREDENTIAL_ID_MAX 1023 /* bytes (WebAuthn Level 2 section 4) */

/* what is known of a factor that is being made */
typedef struct NewFactor
{
	Issuer *issuer;
	Factor *factor;
	Jsonb *parameters; /* as the application gave them */
	Object answer;
} NewFactor;

static void
refuse_parameter(const char *name, const char *expected)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("parameter \"%s\" of the factor is not acceptable", name),
					errdetail("It must be %s.", expected)));
}

static const char *const *
known_parameters(FactorType type)
{
	static const char *const none[] = {NULL};
	static const char *const totp[] = {"account", "algorithm", "digits", "period", "secret", NULL};
	static const char *const webauthn[] = {"alg", "counter", "credential_id", "public_key", NULL};

	return type == FACTOR_TOTP ? totp : type == FACTOR_WEBAUTHN ? webauthn : none;
}

static char *
join(const char *const *names)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; names[i]; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "", names[i]);
	return text.data;
}

static bool
is_among(const char *name, const char *const *names)
{
	for (int i = 0; names[i]; i++)
	{
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
check_names(Jsonb *parameters, FactorType type)
{
	const char *const *known = known_parameters(type);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(parameters))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("parameters must be a JSON object")));
	it = JsonbIteratorInit(&parameters->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY &&
			!is_among(pnstrdup(value.val.string.val, value.val.string.len), known))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("unknown parameter \"%s\" of a factor of type %s",
								   pnstrdup(value.val.string.val, value.val.string.len),
								   factor_type_name(type)),
							known[0] ? errhint("It can have %s.", join(known))
									 : errhint("It has none: what it needs to be delivered or "
											   "verified is the application's.")));
	}
}

/* NULL when absent */
static char *
string_parameter(Jsonb *parameters, const char *name)
{
	char *value = member_string(parameters, name);

	if (value == NULL && member_json(parameters, name))
		refuse_parameter(name, "a string");
	return value;
}

static int64
integer_parameter(Jsonb *parameters, const char *name, int64 if_absent, int64 least, int64 greatest)
{
	char *text = member_text(parameters, name);
	char *end;
	int64 number;

	if (text == NULL)
		return if_absent;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text || number < least || number > greatest)
		refuse_parameter(
			name, psprintf("an integer from " INT64_FORMAT " to " INT64_FORMAT, least, greatest));
	return number;
}

/* --- TOTP ---------------------------------------------------------------------------- */

static Jsonb *
totp_parameters(Jsonb *parameters)
{
	static const char *const algorithms[] = {"SHA1", "SHA256", "SHA512", NULL};
	char *algorithm = string_parameter(parameters, "algorithm");
	Object object;

	if (algorithm == NULL)
		algorithm = "SHA1";
	if (!is_among(algorithm, algorithms))
		refuse_parameter("algorithm", "SHA1, SHA256 or SHA512");
	object_begin(&object);
	object_string(&object, "algorithm", algorithm);
	object_int(&object, "digits",
			   integer_parameter(parameters, "digits", 6, 6, PGTC_CODE_DIGITS_MAX));
	object_int(&object, "period",
			   integer_parameter(parameters, "period", 30, TOTP_PERIOD_MIN, TOTP_PERIOD_MAX));
	return object_end(&object);
}

/* false: none was given, a new one is made */
static bool
totp_secret(Jsonb *parameters, PgtcBuf *secret)
{
	char *given = string_parameter(parameters, "secret");
	uint8_t random[TOTP_SECRET_NEW];

	if (given == NULL)
	{
		random_bytes(random, sizeof(random));
		pgtc_buf_append(secret, random, sizeof(random));
		pgtc_crypto_wipe(random, sizeof(random));
	}
	else if (pgtc_base32_read(pgtc_slice_str(given), secret) != PGTC_OK ||
			 secret->len < PGTC_TOTP_SECRET_MIN || secret->len > PGTC_TOTP_SECRET_MAX)
		refuse_parameter("secret", psprintf("%d to %d bytes in base32", PGTC_TOTP_SECRET_MIN,
											PGTC_TOTP_SECRET_MAX));
	glue_check(pgtc_buf_code(secret), "making a secret");
	return given != NULL;
}

/* the form that authenticator apps read from a QR code */
static char *
otpauth_uri(const Issuer *issuer, const char *account, const Jsonb *stored, const char *secret)
{
	Jsonb *parameters = unconstify(Jsonb *, stored);
	PgtcSlice host = pgtc_url_host(pgtc_slice_str(issuer->issuer));
	PgtcBuf uri;

	pgtc_buf_init(&uri, &glue_mem);
	pgtc_buf_append_str(&uri, "otpauth://totp/");
	pgtc_form_encode(host, &uri);
	pgtc_buf_append_str(&uri, ":");
	pgtc_form_encode(pgtc_slice_str(account), &uri);
	pgtc_form_append_query(&uri, "secret", pgtc_slice_str(secret));
	pgtc_form_append_query(&uri, "issuer", host);
	pgtc_form_append_query(&uri, "algorithm",
						   pgtc_slice_str(member_string(parameters, "algorithm")));
	pgtc_form_append_query(&uri, "digits", pgtc_slice_str(member_text(parameters, "digits")));
	pgtc_form_append_query(&uri, "period", pgtc_slice_str(member_text(parameters, "period")));
	glue_check(pgtc_buf_code(&uri), "writing a URI");
	return uri.data;
}

static void
show_totp_secret(NewFactor *new, const PgtcBuf *secret)
{
	char *account = string_parameter(new->parameters, "account");
	PgtcBuf text;

	request_string(account, "account");
	pgtc_buf_init(&text, &glue_mem);
	pgtc_base32_append(&text, secret->data, secret->len);
	glue_check(pgtc_buf_code(&text), "writing a secret");
	object_string(&new->answer, "secret", text.data);
	object_string(&new->answer, "otpauth_uri",
				  otpauth_uri(new->issuer, account ? account : new->factor->subject,
							  new->factor->parameters, text.data));
}

static void
enroll_totp(NewFactor *new)
{
	FactorSecrets secrets = {.n_code_hashes = -1};
	PgtcBuf secret;

	pgtc_buf_init(&secret, &glue_mem);
	new->factor->parameters = totp_parameters(new->parameters);
	if (totp_secret(new->parameters, &secret))
		new->factor->state = FACTOR_ACTIVE;
	else
	{
		new->factor->state = FACTOR_PENDING;
		show_totp_secret(new, &secret);
	}
	secrets.secret = (const uint8_t *) secret.data;
	secrets.secret_len = secret.len;
	factor_insert(new->factor, &secrets);
	pgtc_buf_free(&secret);
}

/* --- WebAuthn ------------------------------------------------------------------------ */

static char *
credential_id(Jsonb *parameters)
{
	char *text = string_parameter(parameters, "credential_id");
	uint8_t bytes[CREDENTIAL_ID_MAX];
	size_t len = 0;

	if (text == NULL ||
		pgtc_b64url_decode(pgtc_slice_str(text), bytes, sizeof(bytes), &len) != PGTC_OK || len == 0)
		refuse_parameter("credential_id",
						 psprintf("1 to %d bytes in base64url", CREDENTIAL_ID_MAX));
	return text;
}

/* as StringsNth */
static const char *
credential_alg(int n)
{
	const PgtcAlg *alg;

	for (int i = 0; (alg = pgtc_alg_nth(i)) != NULL; i++)
	{
		if (alg->cose != 0 && n-- == 0)
			return alg->name;
	}
	return NULL;
}

/* alg and public_key into what is stored */
static void
add_public_key(Jsonb *parameters, Object *object)
{
	char *alg_name = string_parameter(parameters, "alg");
	char *text = member_string(parameters, "public_key");
	Jsonb *jwk = text ? NULL : member_json(parameters, "public_key");
	const PgtcAlg *alg = pgtc_webauthn_alg(pgtc_slice_str(alg_name ? alg_name : "ES256"));
	PgtcSlice readable = pgtc_slice_str(text ? text : member_text(parameters, "public_key"));
	PgtcKey key;

	if (alg == NULL)
		refuse_parameter("alg", psprintf("one of %s", strings_joined(credential_alg, ", ")));
	if (readable.data == NULL || (jwk && !JB_ROOT_IS_OBJECT(jwk)) ||
		pgtc_webauthn_key_read(alg, readable, &key) != PGTC_OK)
		refuse_parameter("public_key", "a public key of the alg: a JWK, or "
									   "SubjectPublicKeyInfo in base64url");
	pgtc_key_free(&key);
	object_string(object, "alg", alg->name);
	object_string(object, "public_key", text);
	if (jwk)
		object_jsonb(object, "public_key", jwk);
}

static void
refuse_known_credential(const Factor *list, const char *id)
{
	for (const Factor *factor = list; factor; factor = factor->next)
	{
		char *known = member_string(factor->parameters, "credential_id");

		if (factor->type == FACTOR_WEBAUTHN && known && strcmp(known, id) == 0)
			ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
							errmsg("the subject has this credential already"),
							errdetail("It is the factor %s.", strings_of_uuid(&factor->factor_id)),
							errhint("Remove that factor first, or give excludeCredentials to "
									"navigator.credentials.create().")));
	}
}

static void
enroll_webauthn(NewFactor *new, const Factor *others)
{
	FactorSecrets secrets = {.n_code_hashes = -1};
	char *id = credential_id(new->parameters);
	Object stored;

	refuse_known_credential(others, id);
	object_begin(&stored);
	object_string(&stored, "credential_id", id);
	add_public_key(new->parameters, &stored);
	new->factor->parameters = object_end(&stored);
	new->factor->counter = integer_parameter(new->parameters, "counter", -1, 0, PG_UINT32_MAX);
	factor_insert(new->factor, &secrets);
}

/* --- the others ---------------------------------------------------------------------- */

static void
enroll_recovery_codes(NewFactor *new)
{
	uint8_t hashes[RECOVERY_CODES][PGTC_SHA256_LEN];
	FactorSecrets secrets = {.code_hashes = hashes, .n_code_hashes = RECOVERY_CODES};
	char *codes[RECOVERY_CODES];

	for (int i = 0; i < RECOVERY_CODES; i++)
	{
		uint8_t random[32];

		codes[i] = palloc(PGTC_RECOVERY_CODE_LEN + 1);
		random_bytes(random, sizeof(random));
		pgtc_one_time_code_recovery(random, codes[i]);
		pgtc_crypto_wipe(random, sizeof(random));
		factor_evidence_hash_recovery_code(new->issuer, &new->factor->factor_id, codes[i],
										   hashes[i]);
	}
	factor_delete_type(new->factor->issuer, new->factor->subject, FACTOR_RECOVERY_CODE);
	factor_insert(new->factor, &secrets);
	object_strings(&new->answer, "codes", codes, RECOVERY_CODES);
}

static void
insert_by_type(NewFactor *new, const Factor *others)
{
	FactorSecrets none = {.n_code_hashes = -1};

	if (new->factor->type == FACTOR_TOTP)
		enroll_totp(new);
	else if (new->factor->type == FACTOR_WEBAUTHN)
		enroll_webauthn(new, others);
	else if (new->factor->type == FACTOR_RECOVERY_CODE)
		enroll_recovery_codes(new);
	else
		factor_insert(new->factor, &none);
}

static void
refuse_too_many(const Factor *list)
{
	int n = 0;

	for (; list; list = list->next)
		n++;
	if (n >= FACTORS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a subject can have at most %d factors", FACTORS_MAX),
				 errhint("Remove those that are not used: pgtoken.factors_of() lists them.")));
}

Jsonb *
factor_enrollment_begin(Issuer *issuer, const FactorEnrollment *enrollment)
{
	Factor factor = {.issuer = issuer->issuer,
					 .subject = unconstify(char *, enrollment->subject),
					 .label = enrollment->label,
					 .state = FACTOR_ACTIVE,
					 .counter = -1};
	NewFactor new = {.issuer = issuer, .factor = &factor, .parameters = enrollment->parameters};
	int type = strings_find(factor_type_name, enrollment->factor_type);
	Factor *others;

	if (type < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown type of a factor"),
				 errhint("One of %s.", strings_joined(factor_type_name, ", "))));
	factor.type = (FactorType) type;
	request_subject(factor.subject);
	request_string(factor.label, "label");
	check_names(enrollment->parameters, factor.type);
	others = factor_list(factor.issuer, factor.subject, false);
	refuse_too_many(others);
	factor.parameters = object_empty();
	random_uuid(&factor.factor_id);
	object_begin(&new.answer);
	insert_by_type(&new, others);
	object_string(&new.answer, "factor_id", strings_of_uuid(&factor.factor_id));
	object_string(&new.answer, "factor_type", factor_type_name(factor.type));
	object_string(&new.answer, "state", factor_state_name(factor.state));
	return object_end(&new.answer);
}

bool
factor_enrollment_activate(const Issuer *issuer, const char *subject, const pg_uuid_t *factor_id,
						   const char *code)
{
	TimestampTz now = GetCurrentTimestamp();
	Factor *factor = factor_read(issuer->issuer, subject, factor_id);
	int64 step;

	if (factor == NULL || factor->type != FACTOR_TOTP)
		return false;
	factor = factor_attempt(factor, FACTOR_PENDING, now);
	if (factor == NULL)
		return false;
	if (factor_evidence_totp_step(factor, code, now, &step) && factor_activate(factor, step, now))
		return true;
	factor_attempt_failed(factor, now);
	return false;
}
