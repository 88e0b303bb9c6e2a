/*
 * answer.c
 *		What a client is told by way of its user's browser, in the mode that it has
 *		asked for.
 *
 * The application's login page only ever learns where to send the browser.  An
 * answer that is to be posted waits for it at a page of ours, sealed by the handle
 * in that page's address, and is gone when it was shown.
 */
#include "operations/answer.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/form.h"
#include "core/base/slice.h"
#include "core/base/url.h"
#include "core/oauth/handle.h"
#include "operations/answer_url.h"
#include "tables/authorization_request.h"
#include "tokens/statement.h"

#define ANSWER_LIFETIME 60 /* seconds: the browser is on its way */
#define JWT_LIFETIME 300 /* JARM section 2.1: at most ten minutes */

typedef struct Mode
{
	const char *name;
	bool posted;
	bool is_signed;
} Mode;

static const Mode modes[] = {
	{"query", false, false}, /* where none is named */
	{"form_post", true, false}, {"query.jwt", false, true}, {"form_post.jwt", true, true},
	{"jwt", false, true}, /* the first of its kind for a code (JARM section 2.3.4) */
};

const char *
answer_mode(int n)
{
	return n < (int) lengthof(modes) ? modes[n].name : NULL;
}

static const Mode *
mode_of(Jsonb *parameters)
{
	char *name = member_string(parameters, "response_mode");
	int n = name ? strings_find(answer_mode, name) : -1;

	return &modes[Max(n, 0)];
}

bool
answer_mode_fits(const Client *client, const char *redirect_uri, const char *mode)
{
	int n = strings_find(answer_mode, mode);

	return n >= 0 &&
		   (!modes[n].posted || pgtc_url_host(pgtc_slice_str(redirect_uri)).data != NULL) &&
		   (!modes[n].is_signed || statement_alg(client, client->authorization_alg) != NULL);
}

bool
answer_is_signed(Jsonb *parameters)
{
	return mode_of(parameters)->is_signed;
}

char *
answer_signed_modes(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t i = 0; i < lengthof(modes); i++)
	{
		if (modes[i].is_signed)
			appendStringInfo(&names, "%s%s", names.len > 0 ? " " : "", modes[i].name);
	}
	return names.data;
}

static void
add(Answer *answer, const char *name, const char *value)
{
	if (value == NULL)
		return;
	answer->names[answer->n] = pstrdup(name);
	answer->values[answer->n++] = pstrdup(value);
}

/* JARM section 2.1: iss, aud and exp are in there, and so is all that would be beside it otherwise */
static void
sign(const Client *client, Answer *answer)
{
	PgtcTokenSpec spec = statement_for(client, "JWT");
	Object claims;
	char *jwt;

	spec.exp = spec.iat + JWT_LIFETIME;
	object_begin(&claims);
	for (int i = 0; i < answer->n; i++)
	{
		if (strcmp(answer->names[i], "iss") != 0)
			object_string(&claims, answer->names[i], answer->values[i]);
	}
	jwt = statement_sign_by(client, statement_alg(client, client->authorization_alg), &spec,
							object_end(&claims));
	answer->n = 0;
	add(answer, "response", jwt);
}

static const Mode *
begin_answer(const Client *client, Jsonb *parameters, Answer *answer)
{
	const Mode *mode = mode_of(parameters);

	memset(answer, 0, sizeof(*answer));
	answer->client_id = client->client_id;
	answer->issuer = client->issuer;
	answer->redirect_uri = member_string(parameters, "redirect_uri");
	answer->posted = mode->posted;
	add(answer, "iss", client->issuer);
	add(answer, "state", member_string(parameters, "state"));
	return mode;
}

void
answer_code(const Client *client, Jsonb *parameters, const char *code, Answer *answer)
{
	const Mode *mode = begin_answer(client, parameters, answer);

	add(answer, "code", code);
	if (mode->is_signed)
		sign(client, answer);
}

void
answer_error(const Client *client, Jsonb *parameters, const char *error, const char *description,
			 Answer *answer)
{
	const Mode *mode = begin_answer(client, parameters, answer);

	add(answer, "error", error);
	add(answer, "error_description", description);
	if (mode->is_signed)
		sign(client, answer);
}

static char *
in_query(const Answer *answer)
{
	PgtcBuf url;
	char *string;

	pgtc_buf_init(&url, &glue_mem);
	pgtc_buf_append_str(&url, answer->redirect_uri);
	for (int i = 0; i < answer->n; i++)
		pgtc_form_append_query(&url, answer->names[i], pgtc_slice_str(answer->values[i]));
	glue_check(pgtc_buf_code(&url), "writing a URL");
	string = pnstrdup(url.data, url.len);
	pgtc_buf_free(&url);
	return string;
}

static char *
page_url(const char *issuer)
{
	return issuer_url(issuer, "/oauth2/answer");
}

char *
answer_location(const Answer *answer)
{
	AuthorizationRequest request = {.kind = REQUEST_ANSWER};
	Object content;

	if (!answer->posted)
		return in_query(answer);
	object_begin(&content);
	object_string(&content, "redirect_uri", answer->redirect_uri);
	object_strings(&content, "names", answer->names, answer->n);
	object_strings(&content, "values", answer->values, answer->n);
	request.issuer = pstrdup(answer->issuer);
	request.client_id = pstrdup(answer->client_id);
	request.parameters = object_end(&content);
	return answer_url_with(
		page_url(answer->issuer), "answer",
		authorization_request_insert_sealed(&request, PGTC_ANSWER_PREFIX, ANSWER_LIFETIME));
}

char *
answer_page(const Client *client, Jsonb *parameters)
{
	return mode_of(parameters)->posted ? page_url(client->issuer) : NULL;
}

bool
answer_take(const Issuer *issuer, const char *handle, Answer *answer)
{
	AuthorizationRequest *request = authorization_request_find(issuer, PGTC_ANSWER_PREFIX, handle);
	Jsonb *content;
	char **names;
	char **values;

	/* taken away by one only, also of two that come at the same time */
	if (request == NULL || strcmp(request->kind, REQUEST_ANSWER) != 0 ||
		!authorization_request_delete(request))
		return false;
	content = authorization_request_open(request, PGTC_ANSWER_PREFIX, handle);
	memset(answer, 0, sizeof(*answer));
	answer->client_id = request->client_id;
	answer->issuer = request->issuer;
	answer->redirect_uri = member_string(content, "redirect_uri");
	answer->posted = true;
	names = member_strings(content, "names", &answer->n);
	values = member_strings(content, "values", &answer->n);
	for (int i = 0; i < answer->n; i++)
	{
		answer->names[i] = names[i];
		answer->values[i] = values[i];
	}
	return true;
}
