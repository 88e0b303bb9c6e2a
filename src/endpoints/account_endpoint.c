/*
 * account_endpoint.c
 *		Use cases: a person sees the sessions that are open in his name, ends one of
 *		them, or all but this one.
 *
 * Who he is and which session is "this one" says the access token's family, never the
 * request: so there is nothing in it by which somebody else's could be named.
 */
#include "endpoints/account_endpoint.h"

#include "access/xact.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/base/uuid.h"
#include "endpoints/access_request.h"
#include "http/http_context.h"
#include "tables/account.h"
#include "tables/audit.h"
#include "tables/grant.h"
#include "tokens/target.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 100

/* for whom the request is answered */
typedef struct Person
{
	pg_uuid_t grant_id; /* of the token that he has shown */
	const char *subject; /* the application's user id, whatever the token calls him */
} Person;

/*
 * Of the issuer, and for it alone: what is for an API as well, the API has got, and it
 * would be the person himself here.  And of the person's own: who acts for him, such as
 * support, could sign him out and look where he is otherwise.
 */
static PgtErr
check_target(const HttpExchange *x, Jsonb *claims)
{
	char *issuer = member_string(claims, "iss");
	char *audience = member_string(claims, "aud");

	if (strcmp(issuer, x->issuer->issuer) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "iss", issuer, x->issuer->issuer);
	if (audience == NULL || strcmp(audience, x->issuer->issuer) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "aud",
					   audience ? audience : "several audiences", x->issuer->issuer);
	if (member_json(claims, "act"))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "act", "somebody acts for the subject", NULL);
	return PGT_OK;
}

static PgtErr
check_scope(Jsonb *claims)
{
	if (access_request_has_scope(claims, TARGET_SESSIONS_SCOPE))
		return PGT_OK;
	return refused(PGT_ERR_ACCESS_TOKEN_SCOPE, "scope", member_string(claims, "scope"),
				   TARGET_SESSIONS_SCOPE);
}

static PgtErr
check_token(HttpExchange *x, const AccessRequest *access, Person *person)
{
	const char *url = x->name ? psprintf("%s%s", x->url, x->name) : x->url;
	Jsonb *claims;
	Grant *grant;
	PgtErr err;

	if (access->token == NULL)
		return PGT_ERR_ACCESS_TOKEN_MISSING;
	/* a proof that is not remembered could be shown again */
	if (XactReadOnly && http_header(x, "dpop"))
		return PGT_ERR_READ_ONLY;
	err = access_request_check(x, access, x->request->method, url, NULL, &claims);
	if (err == PGT_OK)
		err = check_target(x, claims);
	if (err == PGT_OK)
		err = check_scope(claims);
	if (err != PGT_OK)
		return err;
	x->client_id = member_string(claims, "client_id");
	glue_check(
		pgtc_uuid_parse(pgtc_slice_str(member_string(claims, "grant_id")), person->grant_id.data),
		"reading a grant_id");
	grant = grant_read_latest(&person->grant_id);
	if (grant == NULL)
		return PGT_ERR_ACCESS_TOKEN_INVALID;
	person->subject = grant->auth.subject;
	return PGT_OK;
}

static Jsonb *
refuse(HttpExchange *x, const AccessRequest *access, PgtErr err)
{
	int status = errors_info(err)->http_status;

	if (status != 401 && status != 403)
		return http_error(x, err);
	http_challenge(x, access->scheme, err,
				   err == PGT_ERR_ACCESS_TOKEN_SCOPE ? TARGET_SESSIONS_SCOPE : NULL);
	return NULL;
}

static PgtErr
read_limit(const HttpExchange *x, int *limit)
{
	char *text = http_param(x, "limit");
	int64_t number = pgtc_text_number(pgtc_slice_str(text), PAGE_MAX);

	*limit = text ? (int) number : PAGE_DEFAULT;
	if (*limit >= 1)
		return PGT_OK;
	return refused(PGT_ERR_REQUEST_PARAMETER, "limit", text, psprintf("1 to %d", PAGE_MAX));
}

Jsonb *
account_endpoint_sessions(HttpExchange *x)
{
	AccessRequest access = access_request_read(x);
	AccountOutcome outcome = {0};
	Person person;
	PgtErr err = check_token(x, &access, &person);
	int limit = 0;

	if (err == PGT_OK)
		err = x->form_err;
	if (err == PGT_OK)
		err = read_limit(x, &limit);
	if (err == PGT_OK)
	{
		account_sessions(&person.grant_id, http_param(x, "after"), limit,
						 http_param(x, "ui_locales"), &outcome);
		if (!outcome.lives)
			err = PGT_ERR_ACCESS_TOKEN_INVALID;
		else if (!outcome.known)
			err = refused(PGT_ERR_REQUEST_PARAMETER, "after", http_param(x, "after"),
						  "next of the page before");
	}
	return err == PGT_OK ? outcome.answer : refuse(x, &access, err);
}

/* name: of a session; NULL: all but this one */
static Jsonb *
end_sessions(HttpExchange *x, const char *name)
{
	AccessRequest access = access_request_read(x);
	AccountOutcome outcome = {0};
	Person person;
	PgtErr err = check_token(x, &access, &person);

	if (err == PGT_OK)
	{
		AuditScope scope = {
			.client_id = x->client_id, .subject = person.subject, .context = http_context(x)};

		audit_enter(&scope);
		account_end_sessions(&person.grant_id, name, &outcome);
		audit_leave();
		/* somebody else has ended this one just now, from another that may be the person's own */
		if (!outcome.lives)
			err = PGT_ERR_ACCESS_TOKEN_INVALID;
		else if (!outcome.known)
			err = PGT_ERR_SESSION_UNKNOWN;
	}
	return err == PGT_OK ? outcome.answer : refuse(x, &access, err);
}

Jsonb *
account_endpoint_end(HttpExchange *x)
{
	Jsonb *answer = end_sessions(x, x->name);

	if (x->status != 200)
		return answer;
	x->status = 204;
	return NULL;
}

Jsonb *
account_endpoint_end_others(HttpExchange *x)
{
	return end_sessions(x, NULL);
}
