/*
 * approval.c
 *		Use cases of the application's login page.
 *
 * Login and consent belong to the application; what the client has asked for is
 * held against what the application says here, so that an application which
 * overlooks prompt, max_age or a consent cannot give away more than it should.
 */
#include "operations/approval.h"

#include "utils/timestamp.h"

#include "base/cache.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/session_lock.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/base/uri.h"
#include "core/base/url.h"
#include "core/oauth/scope.h"
#include "operations/answer.h"
#include "operations/consent.h"
#include "operations/session_limit.h"
#include "tables/account.h"
#include "tables/audit.h"
#include "tables/authorization_code.h"
#include "tables/authorization_request.h"
#include "tables/client.h"
#include "tables/not_before.h"
#include "tables/subject_block.h"
#include "tokens/authorization_details.h"
#include "tokens/claims_request.h"

/* a transaction of the login page, with its client */
typedef struct Transaction
{
	AuthorizationRequest *request;
	const Client *client;
	PgtcScope scope; /* asked for */
	PgtcScope wanted; /* the same, and what stands for claims that were asked for by name */
	Jsonb *claims; /* these; NULL: none */
	char **resources;
	int n_resources;
	bool silent; /* prompt=none: nobody may be shown anything */
	bool ask_login; /* prompt=login, or prompt=create: a login of before made no account */
	bool ask_consent; /* prompt=consent, or the client could be another program */
	Jsonb *details; /* asked for beyond scopes (RFC 9396); NULL: nothing */
} Transaction;

/* what the client may not have, it does not get by asking for a part of it */
static void
want_claims(Transaction *transaction)
{
	PgtcScope standing = {0};

	transaction->claims = member_json(transaction->request->parameters, "claims");
	transaction->wanted = transaction->scope;
	claims_request_scopes(transaction->claims, &standing);
	for (int i = 0; i < standing.n; i++)
	{
		if (pgtc_scope_has(&transaction->client->scope, standing.token[i]))
			(void) pgtc_scope_add(&transaction->wanted, standing.token[i]);
	}
}

/* to whatever program listens there */
static bool
leads_to_device(const char *redirect_uri)
{
	PgtcSlice host = pgtc_url_host(pgtc_slice_str(redirect_uri));

	return host.data == NULL || pgtc_uri_is_loopback(host);
}

/* subject: whom the page speaks for; NULL: it does not say */
static bool
find_transaction(const char *transaction_id, const char *subject, Transaction *out)
{
	char **prompts;
	char *redirect_uri;
	int n;

	cache_begin();
	out->request = authorization_request_transaction(issuer_of_session(), transaction_id, subject);
	if (out->request == NULL || strcmp(out->request->kind, REQUEST_AUTHORIZATION) != 0)
		return false;
	out->client = client_find(out->request->client_id);
	if (out->client == NULL || !out->client->enabled)
		return false;
	/* a document, or an administrator, has taken it away since */
	redirect_uri = member_string(out->request->parameters, "redirect_uri");
	if (redirect_uri && !client_has_redirect_uri(out->client, redirect_uri))
		return false;
	strings_to_scope(member_string(out->request->parameters, "scope"), &out->scope);
	want_claims(out);
	out->resources = member_strings(out->request->parameters, "resource", &out->n_resources);
	out->n_resources = Max(out->n_resources, 0);
	out->details = member_json(out->request->parameters, "authorization_details");
	/* RFC 8252 section 8.6: anybody knows the name of such a client, and the code is whose program listens */
	out->ask_consent = out->client->by_document && out->client->consent_required && redirect_uri &&
					   leads_to_device(redirect_uri);
	prompts = member_strings(out->request->parameters, "prompt", &n);
	for (int i = 0; i < n; i++)
	{
		out->silent = out->silent || strcmp(prompts[i], "none") == 0;
		out->ask_login =
			out->ask_login || strcmp(prompts[i], "login") == 0 || strcmp(prompts[i], "create") == 0;
		out->ask_consent = out->ask_consent || strcmp(prompts[i], "consent") == 0;
	}
	return true;
}

/* what was handed over to be looked at alone goes on where it came from */
static bool
find_to_answer(const char *transaction_id, const char *subject, Transaction *out)
{
	return find_transaction(transaction_id, subject, out) &&
		   (out->request->handed_over == NULL || out->request->handed_over->spent);
}

/*
 * What a person should know of a client that nobody here has looked at: how it came
 * about, whose document it is (the name that it gives itself could be anybody's), and
 * that its code goes to whatever program listens on the device.
 */
static void
describe_client(const Client *client, const char *redirect_uri, Object *object)
{
	object_string(object, "client_id", client->client_id);
	object_string(object, "client_name", client->client_name);
	object_bool(object, "consent_required", client->consent_required);
	object_string(object, "client_uri", client->client_uri);
	object_string(object, "logo_uri", client->logo_uri);
	object_string(object, "tos_uri", client->tos_uri);
	object_string(object, "policy_uri", client->policy_uri);
	if (client->used_at == NULL)
		return;
	object_string(object, "client_origin", client->by_document ? "document" : "registration");
	if (client->by_document)
	{
		PgtcSlice name = pgtc_url_host(pgtc_slice_str(client->client_id));

		object_string(object, "client_host", pnstrdup(name.data, name.len));
	}
	object_bool(object, "redirects_to_device", leads_to_device(redirect_uri));
}

Jsonb *
approval_describe(const char *transaction_id)
{
	AuthorizationRequest *request;
	const Client *client;
	Object object;

	cache_begin();
	request = authorization_request_transaction(issuer_of_session(), transaction_id, NULL);
	if (request == NULL || strcmp(request->kind, REQUEST_HANDED_OVER) == 0)
		return NULL;
	client = request->client_id[0] ? client_find(request->client_id) : NULL;
	object_begin(&object);
	object_string(&object, "kind", request->kind);
	if (client)
	{
		describe_client(client, member_string(request->parameters, "redirect_uri"), &object);
		object_string(&object, "answer_uri", answer_page(client, request->parameters));
	}
	object_time(&object, "created_at", request->created_at);
	object_time(&object, "expires_at", request->expires_at);
	return object_concat(authorization_request_told(request), object_end(&object));
}

/* what is stored does not count where it has to be asked for anew; when the first of what counts ends */
static TimestampTz
missing_consent(const Transaction *transaction, const char *subject, TimestampTz now,
				PgtcScope *missing)
{
	*missing = transaction->wanted;
	if (transaction->ask_consent)
		return DT_NOEND;
	if (transaction->client->consent_required)
		return consent_missing(subject, transaction->client->client_id, &transaction->wanted,
							   transaction->resources, transaction->n_resources, now, missing);
	missing->n = 0;
	return DT_NOEND;
}

char *
approval_missing_consent(const char *transaction_id, const char *subject)
{
	Transaction transaction = {0};
	PgtcScope missing;

	if (!find_transaction(transaction_id, subject, &transaction))
		return NULL;
	(void) missing_consent(&transaction, subject, GetCurrentTimestamp(), &missing);
	return strings_of_scope(&missing);
}

Jsonb *
approval_asked(const char *transaction_id, const char *subject)
{
	Transaction transaction = {0};
	PgtcScope missing;
	Object object;

	if (!find_transaction(transaction_id, subject, &transaction))
		return NULL;
	(void) missing_consent(&transaction, subject, GetCurrentTimestamp(), &missing);
	object_begin(&object);
	object_string(&object, "request_id", strings_of_uuid(&transaction.request->grant_id));
	object_string(&object, "issuer", transaction.client->issuer);
	object_strings(&object, "wanted", strings_in_scope(&transaction.wanted), transaction.wanted.n);
	object_strings(&object, "missing", strings_in_scope(&missing), missing.n);
	object_int(&object, "lifetime", client_consent_lifetime(transaction.client));
	return object_end(&object);
}

static void
tell_error(const char *error, const char *description, AuthorizationResponse *response)
{
	response->error = error;
	response->error_description = description;
}

/*
 * The transaction ends, and the browser takes the error to the client, unless it had
 * ended before.  The event says why, and of whom.
 */
static void
send_refusal(const Transaction *transaction, const char *error, const char *description,
			 AuditEvent event, AuthorizationResponse *response)
{
	Answer answer;

	tell_error(error, description, response);
	if (!authorization_request_answer(transaction->request))
	{
		tell_error("invalid_transaction", "the transaction has ended", response);
		return;
	}
	consent_page_forget(&transaction->request->grant_id);
	answer_error(transaction->client, transaction->request->parameters, error, description,
				 &answer);
	response->redirect_uri = answer_location(&answer);
	event.grant_id = &transaction->request->grant_id;
	event.event = "authorization.refused";
	event.client_id = transaction->client->client_id;
	audit_write(&event);
}

static void
send_error(const Transaction *transaction, const char *error, const char *description,
		   AuthorizationResponse *response)
{
	send_refusal(transaction, error, description, (AuditEvent){.reason = error}, response);
}

/* the answer is the client's, as where the user has refused: another page would not help */
static void
send_blocked(const Transaction *transaction, const Approval *approval,
			 AuthorizationResponse *response)
{
	const PgtErrInfo *info = errors_info(PGT_ERR_ISSUE_SUBJECT_BLOCKED);

	send_refusal(transaction, info->error, info->description,
				 (AuditEvent){.reason = info->reason,
							  .subject = approval->auth.subject,
							  .context = approval->context},
				 response);
}

/* the application can do something about it, unless nobody may be shown anything */
static void
ask_again(const Transaction *transaction, const char *error, const char *description,
		  AuthorizationResponse *response)
{
	if (transaction->silent)
		send_error(transaction, error, description, response);
	else
		tell_error(error, description, response);
}

/* OpenID Connect Core section 5.5: a sub that it asks for is the one it must be */
static bool
is_asked_for(const Transaction *transaction, const char *subject)
{
	return claims_request_takes(transaction->claims, "id_token", "sub", subject) &&
		   claims_request_takes(transaction->claims, "userinfo", "sub", subject);
}

/* OpenID Connect Core section 5.5.1.1: an acr that is essential has a value of those, or the login has failed */
static bool
acr_suffices(const Transaction *transaction, const Authentication *auth)
{
	Requirement requirement = {.max_age = -1};

	requirement.acr_values = claims_request_acr(transaction->claims, &requirement.n_acr_values);
	return authentication_satisfies(issuer_get(transaction->client->issuer), auth, &requirement,
									auth->auth_time);
}

/* OpenID Connect Core section 3.1.2.1: max_age, prompt=login, id_token_hint */
static const char *
login_problem(const Transaction *transaction, const Authentication *auth)
{
	Jsonb *parameters = transaction->request->parameters;
	int64 max_age = member_int(parameters, "max_age", -1);
	char *expected = member_string(parameters, "id_token_hint_subject");
	char *subject = client_subject(transaction->client, auth->subject);

	if (max_age >= 0 && moment_plus(auth->auth_time, max_age) < transaction->request->created_at)
		return "the subject has authenticated too long ago";
	if (transaction->ask_login && auth->auth_time < transaction->request->created_at)
		return "the subject must authenticate anew";
	if ((expected && strcmp(expected, subject) != 0) || !is_asked_for(transaction, subject))
		return "another subject is wanted";
	return NULL;
}

/* what the subject allows now and has allowed before, within what is wanted */
typedef struct Agreement
{
	PgtcScope granted;
	TimestampTz ends; /* the first of what was allowed; DT_NOEND: never */
	bool given; /* he has been asked just now */
	Consent consent; /* and this is what he has said */
} Agreement;

/* of what is missing what he has agreed to is granted with the rest, and stored */
static void
take_consent(const Transaction *transaction, const PgtcScope *missing, Agreement *agreement)
{
	for (int i = 0; i < missing->n; i++)
	{
		if (!pgtc_scope_has(&agreement->consent.agreed, missing->token[i]))
			pgtc_scope_remove(&agreement->granted, missing->token[i]);
	}
	if (missing->n > 0 && agreement->granted.n > 0)
		agreement->ends = consent_store(&agreement->consent, &agreement->granted);
	/* details are of one request, and never stored as a consent */
	if (transaction->details)
		agreement->ends = Min(agreement->ends, consent_end(&agreement->consent));
}

/* false: he has not been asked, or not about this */
static bool
consented_scope(const Transaction *transaction, const Approval *approval,
				const Authentication *auth, Agreement *agreement)
{
	const Client *client = transaction->client;
	TimestampTz now = GetCurrentTimestamp();
	PgtcScope missing;

	agreement->granted = transaction->wanted;
	agreement->given = false;
	agreement->ends = missing_consent(transaction, auth->subject, now, &missing);
	if (missing.n == 0 && (transaction->details == NULL || !client->consent_required))
		return true;
	if (approval->consent == NULL)
		return false;
	agreement->given = true;
	agreement->consent = (Consent){.subject = auth->subject,
								   .client_id = client->client_id,
								   .resources = transaction->resources,
								   .n_resources = transaction->n_resources,
								   .details = auth->details,
								   .at = now};
	if (!consent_read(&agreement->consent, client, &transaction->request->grant_id,
					  approval->consent, approval->page_id, approval->consent_lifetime))
		return false;
	take_consent(transaction, &missing, agreement);
	return true;
}

/* what the tokens have: of what was granted the scopes that were asked for as such */
static PgtcScope
granted_scope(const Transaction *transaction, const PgtcScope *granted)
{
	PgtcScope scope = transaction->scope;

	for (int i = 0; i < transaction->scope.n; i++)
	{
		if (!pgtc_scope_has(granted, transaction->scope.token[i]))
			pgtc_scope_remove(&scope, transaction->scope.token[i]);
	}
	return scope;
}

static char *
create_code(const Transaction *transaction, const Authentication *auth, const Approval *approval,
			const Agreement *agreement, const PgtcScope *scope)
{
	Jsonb *parameters = transaction->request->parameters;
	AuthorizationCode code = {0};

	/* from here on it lies where all that the subject has does */
	place_uuid(place_of_subject(auth->subject), &code.grant_id);
	code.request_id = transaction->request->grant_id;
	code.client_id = transaction->client->client_id;
	if (member_bool(parameters, "redirect_uri_given", false))
		code.redirect_uri = member_string(parameters, "redirect_uri");
	code.code_challenge = member_string(parameters, "code_challenge");
	code.dpop_jkt = member_string(parameters, "dpop_jkt");
	code.auth = *auth;
	code.scope = strings_of_scope(scope);
	code.claims_request = claims_request_within(transaction->claims, &agreement->granted);
	code.resources = transaction->resources;
	code.n_resources = transaction->n_resources;
	code.nonce = member_string(parameters, "nonce");
	code.context = approval->context;
	code.lifespan = approval->lifespan;
	code.consent_ends = agreement->ends;
	code.lifetime = client_code_lifetime(transaction->client);
	not_before_begin(transaction->client, GetCurrentTimestamp(), &code.begun);
	if (agreement->given)
		consent_record(&agreement->consent, &code.grant_id, agreement->ends);
	consent_page_forget(&transaction->request->grant_id);
	return authorization_code_insert(&code);
}

void
approval_give(const Approval *approval, AuthorizationResponse *response)
{
	Authentication auth = authentication_begin(&approval->auth, GetCurrentTimestamp());
	const AuditScope audit = {.subject = auth.subject, .context = approval->context};
	Transaction transaction = {0};
	Agreement agreement;
	PgtcScope scope;
	bool consented;
	Answer answer;
	const char *problem;

	if (!find_to_answer(approval->transaction_id, auth.subject, &transaction))
	{
		tell_error("invalid_transaction", "the transaction is unknown or has ended", response);
		return;
	}
	if (subject_block_holds(transaction.client->issuer, auth.subject))
	{
		send_blocked(&transaction, approval, response);
		return;
	}
	auth.details = authorization_details_agreed(transaction.details, approval->details);
	problem = login_problem(&transaction, &auth);
	if (problem)
	{
		ask_again(&transaction, "login_required", problem, response);
		return;
	}
	if (!acr_suffices(&transaction, &auth))
	{
		ask_again(&transaction, "unmet_authentication_requirements",
				  "another acr is essential to the client", response);
		return;
	}
	session_lock_issue(transaction.client->issuer, auth.subject, auth.session_id);
	/* now: whoever has ended it meanwhile has been waited for */
	if (auth.session_id && account_session_ended(transaction.client->issuer, auth.subject,
												 auth.session_id, auth.auth_time))
	{
		ask_again(&transaction, "login_required", "the subject has ended the session", response);
		return;
	}
	audit_enter(&audit);
	/* its code could not be redeemed */
	if (session_limit_refuses(transaction.client, auth.subject, auth.session_id))
	{
		ask_again(&transaction, transaction.silent ? "access_denied" : "session_limit",
				  errors_info(PGT_ERR_SESSION_LIMIT)->description, response);
		audit_leave();
		return;
	}
	consented = consented_scope(&transaction, approval, &auth, &agreement);
	scope = granted_scope(&transaction, &agreement.granted);
	if (!consented)
		ask_again(&transaction, "consent_required", "the subject must consent", response);
	else if (scope.n == 0 && transaction.scope.n > 0)
		send_error(&transaction, "access_denied", "the subject has consented to nothing", response);
	else if (!authorization_request_answer(transaction.request))
		tell_error("invalid_transaction", "the transaction has ended", response);
	else
	{
		answer_code(transaction.client, transaction.request->parameters,
					create_code(&transaction, &auth, approval, &agreement, &scope), &answer);
		response->redirect_uri = answer_location(&answer);
	}
	audit_leave();
}

void
approval_deny(const char *transaction_id, const char *error, const char *description,
			  AuthorizationResponse *response)
{
	/* RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6, OpenID Connect Unmet Authentication Requirements */
	static const char *const known[] = {"access_denied",
										"login_required",
										"consent_required",
										"interaction_required",
										"account_selection_required",
										"unmet_authentication_requirements",
										"temporarily_unavailable",
										"server_error"};
	Transaction transaction = {0};
	bool found = false;

	for (size_t i = 0; i < lengthof(known); i++)
		found = found || strcmp(known[i], error) == 0;
	if (!found || !pgtc_text_quotable(pgtc_slice_str(description)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 found ? errmsg("error_description has characters that it must not have")
					   : errmsg("unknown authorization error \"%s\"", error),
				 errhint("One of access_denied, login_required, consent_required, "
						 "interaction_required, account_selection_required, "
						 "unmet_authentication_requirements, temporarily_unavailable, "
						 "server_error; descriptions are ASCII without quote and backslash (RFC "
						 "6749 section 4.1.2.1).")));
	if (find_to_answer(transaction_id, NULL, &transaction))
		send_error(&transaction, error, description, response);
	else
		tell_error("invalid_transaction", "the transaction is unknown or has ended", response);
}
