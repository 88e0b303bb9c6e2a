/*
 * registration_endpoint.c
 *		Use cases: a client registers itself (RFC 7591), reads, changes and ends its
 *		registration (RFC 7592).
 *
 * Who may is decided here, by the issuer's setting, tokens and software statements;
 * what a client can be, by the functions behind tables/registration.h.
 */
#include "endpoints/registration_endpoint.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "http/http_body.h"
#include "http/http_context.h"
#include "http/sector_document.h"
#include "http/software_statement.h"
#include "tables/audit.h"
#include "tables/registration.h"

/* what a request comes with, beside its metadata */
typedef struct Submission
{
	Jsonb *metadata;
	pg_uuid_t *token_id; /* initial access token; NULL: none */
	char *statement; /* verified; NULL: none, as the next */
	Jsonb *claims;
} Submission;

static const struct
{
	const char *refused;
	PgtErr err;
} reasons[] = {
	{"redirect_uri", PGT_ERR_REGISTRATION_REDIRECT_URI},
	{"metadata", PGT_ERR_REGISTRATION_METADATA},
	{"token", PGT_ERR_REGISTRATION_TOKEN},
	{"rate", PGT_ERR_REGISTRATION_RATE},
	{"full", PGT_ERR_REGISTRATION_FULL},
};

/* and notes what the client is told */
static PgtErr
reason_of(HttpExchange *x, const RegistrationOutcome *outcome)
{
	if (outcome->refused == NULL)
		return PGT_OK;
	if (outcome->wait > 0)
		http_answer_header(x, "Retry-After", psprintf("%d", outcome->wait));
	for (size_t i = 0; i < lengthof(reasons); i++)
	{
		if (strcmp(reasons[i].refused, outcome->refused) == 0)
			return refused(reasons[i].err, "metadata", NULL, outcome->sentence);
	}
	elog(ERROR, "a registration was refused for no reason that is known");
}

/* an error of RFC 6750, or of RFC 7591 section 3.2.2 with its sentence */
static Jsonb *
refuse(HttpExchange *x, PgtErr err, const char *sentence)
{
	Jsonb *body;
	Object description;

	if (errors_info(err)->http_status == 401)
	{
		http_challenge(x, "Bearer", err, NULL);
		return NULL;
	}
	body = http_error(x, err);
	if (sentence == NULL || !pgtc_text_quotable(pgtc_slice_str(sentence)))
		return body;
	object_begin(&description);
	object_string(&description, "error_description", sentence);
	return object_concat(body, object_end(&description));
}

/* the hash of the Bearer token; false: there is none */
static bool
read_token(const HttpExchange *x, uint8_t hash[PGTC_SHA256_LEN])
{
	char *token = http_credentials(x, "Bearer");

	if (token == NULL)
		return false;
	glue_check(pgtc_crypto_sha256(token, strlen(token), hash), "hashing a registration token");
	return true;
}

/* one that comes has to hold, also where none is asked for */
static PgtErr
check_initial_token(const HttpExchange *x, Submission *submission)
{
	uint8_t hash[PGTC_SHA256_LEN];

	if (!read_token(x, hash))
		return strcmp(x->issuer->registration, "token") == 0 ? PGT_ERR_REGISTRATION_TOKEN_MISSING
															 : PGT_OK;
	submission->token_id = palloc(sizeof(pg_uuid_t));
	if (registration_find_token(x->issuer, hash, submission->token_id))
		return PGT_OK;
	submission->token_id = NULL;
	return PGT_ERR_REGISTRATION_TOKEN;
}

static PgtErr
check_statement(const HttpExchange *x, Submission *submission, bool required)
{
	Jsonb *member = member_json(submission->metadata, "software_statement");
	char *statement = member_string(submission->metadata, "software_statement");
	PgtErr err;

	if (member == NULL && !required)
		return PGT_OK;
	if (statement == NULL)
		return refused(PGT_ERR_REGISTRATION_STATEMENT, "software_statement", NULL, "a JWT");
	err = software_statement_read(x,
								  member_json(registration_policy(x->issuer, submission->token_id),
											  "software_statement_issuers"),
								  statement, &submission->claims);
	if (err == PGT_OK)
		submission->statement = statement;
	else
		submission->claims = NULL;
	return err;
}

/*
 * Do the redirect URIs belong to the sector that the client says (OpenID Connect Core
 * section 8.1)?  Nothing is fetched for what would be refused all the same.
 */
static PgtErr
check_sector(HttpExchange *x, const Submission *submission, RegistrationOutcome *outcome)
{
	PgtErr err;

	if (sector_document_uri(submission->metadata, submission->claims) == NULL)
		return PGT_OK;
	registration_judge(x->issuer, submission->metadata, submission->token_id, submission->claims,
					   outcome);
	err = reason_of(x, outcome);
	if (err == PGT_OK)
		err = sector_document_check(x->issuer, submission->metadata, submission->claims,
									&outcome->sentence);
	return err;
}

/* who has shown nothing could come in any number, and leaves no trace but in the ring */
static void
audit_refused(const HttpExchange *x, const Submission *submission, PgtErr err)
{
	if (submission->token_id || submission->claims)
		audit_refusal(
			err, &(AuditEvent){.event = "client.registration_refused", .context = http_context(x)});
}

Jsonb *
registration_endpoint(HttpExchange *x)
{
	Submission submission = {0};
	RegistrationOutcome outcome = {0};
	PgtErr err;

	if (strcmp(x->issuer->registration, "off") == 0)
		return http_error(x, PGT_ERR_NOT_FOUND);
	err = check_initial_token(x, &submission);
	if (err == PGT_OK)
		err = http_body_json(x, &submission.metadata);
	if (err == PGT_OK)
		err = check_statement(x, &submission, strcmp(x->issuer->registration, "statement") == 0);
	if (err == PGT_OK)
		err = check_sector(x, &submission, &outcome);
	if (err == PGT_OK)
	{
		AuditScope scope = {.context = http_context(x)};

		audit_enter(&scope);
		registration_insert(x->issuer, submission.metadata, submission.token_id,
							submission.statement, submission.claims, &outcome);
		audit_leave();
		err = reason_of(x, &outcome);
	}
	if (err != PGT_OK)
	{
		audit_refused(x, &submission, err);
		return refuse(x, err, outcome.sentence);
	}
	x->status = 201;
	return outcome.answer;
}

/* constant time: which of the two it is tells nothing */
static PgtErr
check_registration_token(const HttpExchange *x, const uint8_t hash[PGTC_SHA256_LEN],
						 Registration **locked)
{
	Registration *registration = registration_lock(x->issuer, x->name);
	bool is_last;
	bool is_previous;

	*locked = registration;
	if (registration == NULL)
		return PGT_ERR_REGISTRATION_TOKEN;
	is_last = registration->has_token &&
			  pgtc_crypto_equal(hash, registration->token_hash, PGTC_SHA256_LEN);
	is_previous = registration->has_previous &&
				  pgtc_crypto_equal(hash, registration->previous_hash, PGTC_SHA256_LEN);
	if (!is_last && !is_previous)
		return PGT_ERR_REGISTRATION_TOKEN;
	if (!registration->enabled)
		return PGT_ERR_REGISTRATION_DISABLED;
	if (is_last && registration->has_previous)
		registration_end_previous(x->name);
	return PGT_OK;
}

/* RFC 7592 section 3: the token must be there, and is the one that the client has */
static Jsonb *
read_registration(const HttpExchange *x)
{
	Object token;

	object_begin(&token);
	object_string(&token, "registration_access_token", http_credentials(x, "Bearer"));
	return object_concat(registration_answer(x->name), object_end(&token));
}

static PgtErr
replace_registration(HttpExchange *x, const Registration *registration,
					 const uint8_t hash[PGTC_SHA256_LEN], RegistrationOutcome *outcome)
{
	Submission submission = {0};
	PgtErr err = http_body_json(x, &submission.metadata);

	if (err == PGT_OK)
		err = check_statement(x, &submission, false);
	/* what an earlier statement says stays said */
	if (err == PGT_OK)
		err = sector_document_check(x->issuer, submission.metadata,
									submission.claims ? submission.claims : registration->claims,
									&outcome->sentence);
	if (err != PGT_OK)
		return err;
	registration_replace(x->name, submission.metadata, hash, submission.statement,
						 submission.claims, outcome);
	return reason_of(x, outcome);
}

static PgtErr
manage(HttpExchange *x, const Registration *registration, const uint8_t hash[PGTC_SHA256_LEN],
	   RegistrationOutcome *outcome)
{
	if (strcmp(x->request->method, "PUT") == 0)
		return replace_registration(x, registration, hash, outcome);
	if (strcmp(x->request->method, "DELETE") == 0)
	{
		registration_remove(x->name);
		x->status = 204;
	}
	else
		outcome->answer = read_registration(x);
	return PGT_OK;
}

Jsonb *
registration_endpoint_manage(HttpExchange *x)
{
	RegistrationOutcome outcome = {0};
	Registration *registration = NULL;
	uint8_t hash[PGTC_SHA256_LEN];
	PgtErr err = PGT_ERR_REGISTRATION_TOKEN_MISSING;

	x->client_id = x->name;
	if (read_token(x, hash))
		err = check_registration_token(x, hash, &registration);
	if (err == PGT_OK)
	{
		AuditScope scope = {.client_id = x->name, .context = http_context(x)};

		audit_enter(&scope);
		err = manage(x, registration, hash, &outcome);
		audit_leave();
	}
	return err == PGT_OK ? outcome.answer : refuse(x, err, outcome.sentence);
}
