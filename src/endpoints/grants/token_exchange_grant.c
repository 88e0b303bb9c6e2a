/*
 * token_exchange_grant.c
 *		Use case: a client exchanges an access token for one of its own (RFC 8693).
 *
 * The new token is of a new family, which names the families it comes from: with
 * one of them it dies.  It outlives the subject token in nothing: neither scope
 * nor time, and there is no refresh token.
 */
#include "endpoints/grants/token_exchange_grant.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/scope.h"
#include "http/http.h"
#include "operations/issue.h"
#include "tables/client.h"
#include "tables/grant.h"
#include "tables/resource.h"
#include "tokens/acting.h"
#include "tokens/response.h"
#include "tokens/target.h"
#include "tokens/verify.h"

#define ACCESS_TOKEN_TYPE "urn:ietf:params:oauth:token-type:access_token"
#define JWT_TYPE "urn:ietf:params:oauth:token-type:jwt"

/* a token that was exchanged more often than any honest chain of services is long */
#define ANCESTORS_MAX 16

/* one exchange, as far as it has come */
typedef struct Exchange
{
	const TokenRequest *request;
	Jsonb *subject; /* claims of the subject token */
	Jsonb *actor; /* of the actor token; NULL: none */
	Grant *parent; /* family of the subject token */
	Grant *acting; /* of the actor token */
	pg_uuid_t ancestors[ANCESTORS_MAX]; /* of the new family, oldest first */
	char *ancestor_tokens[ANCESTORS_MAX]; /* the jti of each one's token */
	int n_ancestors;
	char *scope;
	char **resources;
	int n_resources;
} Exchange;

static bool
names_access_token(const char *type)
{
	return type && (strcmp(type, ACCESS_TOKEN_TYPE) == 0 || strcmp(type, JWT_TYPE) == 0);
}

/* one string or an array of them (RFC 7519 section 4.1.3), palloc'd */
static char **
audiences_of(Jsonb *claims, int *n)
{
	char *audience = member_string(claims, "aud");
	char **audiences;

	if (audience == NULL)
		return member_strings(claims, "aud", n);
	audiences = palloc(sizeof(char *));
	audiences[0] = audience;
	*n = 1;
	return audiences;
}

/* was the token given to this client, or sent to an API that this client serves? */
static bool
token_is_for_client(Jsonb *claims, const Client *client)
{
	char *client_id = member_string(claims, "client_id");
	char **audiences;
	int n;

	if (strcmp(client_id, client->client_id) == 0)
		return true;
	audiences = audiences_of(claims, &n);
	for (int i = 0; i < n; i++)
	{
		const Resource *resource = resource_find(client->issuer, audiences[i]);

		if (resource && resource->client_id && strcmp(resource->client_id, client->client_id) == 0)
			return true;
	}
	return false;
}

/* a token that holds now, with its key proved where it is bound to one */
static PgtErr
read_token(const TokenRequest *request, const char *token, Jsonb **out)
{
	Jsonb *claims = verify_access_token(token, strlen(token), NULL, &request->cnf);
	char *iss;

	if (claims == NULL)
		return PGT_ERR_EXCHANGE_TOKEN;
	iss = member_string(claims, "iss");
	if (strcmp(iss, request->client->issuer) != 0)
		return refused(PGT_ERR_EXCHANGE_TOKEN, "iss", iss, request->client->issuer);
	if (!token_is_for_client(claims, request->client))
		return PGT_ERR_EXCHANGE_NOT_FOR_CLIENT;
	*out = palloc(VARSIZE(claims)); /* the next verification may end the original */
	memcpy(*out, claims, VARSIZE(claims));
	return PGT_OK;
}

/* RFC 8693 section 2.1 */
static PgtErr
read_tokens(Exchange *exchange)
{
	const TokenRequest *request = exchange->request;
	char *subject = http_param(request->x, "subject_token");
	char *subject_type = http_param(request->x, "subject_token_type");
	char *actor = http_param(request->x, "actor_token");
	char *actor_type = http_param(request->x, "actor_token_type");
	char *requested = http_param(request->x, "requested_token_type");
	PgtErr err;

	if (subject == NULL || subject_type == NULL || (actor == NULL) != (actor_type == NULL))
		return refused(PGT_ERR_REQUEST_PARAMETER,
					   subject == NULL		  ? "subject_token"
					   : subject_type == NULL ? "subject_token_type"
					   : actor == NULL		  ? "actor_token"
											  : "actor_token_type",
					   NULL, NULL);
	if (!names_access_token(subject_type) || (actor && !names_access_token(actor_type)) ||
		(requested && strcmp(requested, ACCESS_TOKEN_TYPE) != 0))
		return refused_of(PGT_ERR_EXCHANGE_TOKEN_TYPE, "token_type",
						  psprintf("subject %s, actor %s, requested %s", subject_type,
								   actor_type ? actor_type : "none",
								   requested ? requested : "none"),
						  (char *[]){ACCESS_TOKEN_TYPE, JWT_TYPE}, 2);
	err = read_token(request, subject, &exchange->subject);
	if (err == PGT_OK && actor)
		err = read_token(request, actor, &exchange->actor);
	return err;
}

static void
read_ancestor(StoreRow *row, void *arg)
{
	Exchange *exchange = arg;
	pg_uuid_t ancestor;
	char *token;

	store_uuid(row, &ancestor);
	token = store_text(row);
	if (exchange->n_ancestors == ANCESTORS_MAX)
		return;
	exchange->ancestors[exchange->n_ancestors] = ancestor;
	exchange->ancestor_tokens[exchange->n_ancestors++] = token;
}

static StoreQuery grant_ancestors_query =
	STORE_QUERY("grant ancestors", STORE_READS,
				"SELECT u.ancestor, u.token FROM pgtoken.grants g, "
				"ROWS FROM (pg_catalog.unnest(g.ancestors), "
				"pg_catalog.unnest(g.ancestor_tokens)) WITH ORDINALITY u (ancestor, token, n) "
				"WHERE g.grant_id" EQ "$1 ORDER BY u.n");

static Grant *
family_of(Jsonb *claims)
{
	char *text = member_string(claims, "grant_id");
	pg_uuid_t grant_id;

	glue_check(pgtc_uuid_parse(pgtc_slice_str(text), grant_id.data), "reading a grant_id");
	return grant_read(&grant_id);
}

static PgtErr
read_families(Exchange *exchange)
{
	StoreArgs args = {0};
	pg_uuid_t parent;

	exchange->parent = family_of(exchange->subject);
	exchange->acting = exchange->actor ? family_of(exchange->actor) : NULL;
	if (exchange->parent == NULL || (exchange->actor && exchange->acting == NULL))
		return PGT_ERR_EXCHANGE_TOKEN;
	parent = exchange->parent->grant_id;
	store_arg_uuid(&args, &parent);
	store_run(&grant_ancestors_query, &args, read_ancestor, exchange);
	if (exchange->n_ancestors == ANCESTORS_MAX)
		return PGT_ERR_EXCHANGE_TOO_DEEP;
	exchange->ancestors[exchange->n_ancestors] = parent;
	exchange->ancestor_tokens[exchange->n_ancestors++] = member_string(exchange->subject, "jti");
	return PGT_OK;
}

/*
 * A client that says nothing about its APIs may ask tokens of its own users for any
 * of its issuer's.  Somebody else's token it takes only where an administrator has
 * said that it goes: to the APIs that the client declares, and back to those that
 * the token is for already.
 */
static PgtErr
limit_resources(Exchange *exchange)
{
	const Client *client = exchange->request->client;
	int n;
	char **audiences = audiences_of(exchange->subject, &n);

	if (exchange->n_resources == 0 && client->n_resources > 0)
		exchange->resources[exchange->n_resources++] = client->resources[0];
	else if (exchange->n_resources == 0)
	{
		exchange->resources = audiences;
		exchange->n_resources = n;
	}
	for (int i = 0; i < exchange->n_resources; i++)
	{
		if (!strings_have(audiences, n, exchange->resources[i]) &&
			!strings_have(client->resources, Max(client->n_resources, 0), exchange->resources[i]))
			return refused_of(PGT_ERR_TARGET_NOT_ALLOWED, "resource", exchange->resources[i],
							  audiences, n);
	}
	return PGT_OK;
}

static PgtErr
read_resources(Exchange *exchange)
{
	const TokenRequest *request = exchange->request;
	PgtErr err;

	/* one more than there are, for a default */
	exchange->resources = palloc(sizeof(char *) * (request->n_resources + 1));
	memcpy(exchange->resources, request->resources, sizeof(char *) * request->n_resources);
	exchange->n_resources = request->n_resources;
	err = target_resources(request->client, exchange->resources, &exchange->n_resources);
	return err == PGT_OK ? limit_resources(exchange) : err;
}

/* does it mean something to one of the resources, or is that for others to say? */
static bool
scope_may_fit(const Exchange *exchange, PgtcSlice scope)
{
	const Client *client = exchange->request->client;

	for (int i = 0; i < exchange->n_resources; i++)
	{
		const Resource *resource = resource_find(client->issuer, exchange->resources[i]);

		if (resource == NULL || resource_has_scope(resource, scope))
			return true;
	}
	return false;
}

/* never more than the subject token has */
static PgtErr
read_scope(Exchange *exchange)
{
	const TokenRequest *request = exchange->request;
	char *of_subject = member_string(exchange->subject, "scope");
	PgtcScope had;
	PgtcScope wanted = {0};

	strings_to_scope(of_subject ? of_subject : "", &had);
	exchange->scope = unconstify(char *, request->scope);
	if (request->scope)
	{
		if (pgtc_scope_parse(pgtc_slice_str(request->scope), &wanted) != PGTC_OK)
			return refused(PGT_ERR_SCOPE_MALFORMED, "scope", request->scope, NULL);
		return target_scope_within(request->client, &wanted, &had);
	}
	for (int i = 0; i < had.n; i++)
	{
		if (pgtc_scope_has(&request->client->scope, had.token[i]) &&
			scope_may_fit(exchange, had.token[i]))
			glue_check(pgtc_scope_add(&wanted, had.token[i]), "writing a scope");
	}
	exchange->scope = strings_of_scope(&wanted);
	return PGT_OK;
}

/* the same act, with who acted before at its inner end */
static Jsonb *
act_after(Jsonb *act, Jsonb *before)
{
	Object later;

	if (act == NULL || before == NULL)
		return act ? act : before;
	object_begin(&later);
	object_jsonb(&later, "act", act_after(member_json(act, "act"), before));
	return object_concat(act, object_end(&later));
}

/*
 * RFC 8693 section 4.1: who acts now, and in his act who acted before.  Who acts in the
 * name of the actor is between the two: a token that was issued to somebody else does
 * not hide him.
 */
static Jsonb *
act_of(const Exchange *exchange)
{
	const Grant *acting = exchange->acting;
	Jsonb *act;

	if (acting == NULL)
		return exchange->parent->act;
	act = acting_begin(member_string(exchange->actor, "sub"), acting->auth.subject);
	return act_after(act_after(act, acting->act), exchange->parent->act);
}

/* with the subject token; and with that of an actor for whom somebody else acts, who has it for minutes */
static TimestampTz
end_of(const Exchange *exchange)
{
	int64 end = member_int(exchange->subject, "exp", 0);

	if (exchange->actor && member_json(exchange->actor, "act"))
		end = Min(end, member_int(exchange->actor, "exp", 0));
	return moment_of_unix(end);
}

static PgtErr
judge(Exchange *exchange)
{
	PgtErr err = PGT_OK;

	/* the token alone must not be enough: whoever steals one could move it elsewhere */
	if (!exchange->request->client->confidential)
		err = refused(PGT_ERR_CLIENT_GRANT_TYPE, "client_type", "public", "confidential");
	if (err == PGT_OK)
		err = read_tokens(exchange);
	if (err == PGT_OK)
		err = read_families(exchange);
	if (err == PGT_OK)
		err = read_resources(exchange);
	if (err == PGT_OK)
		err = read_scope(exchange);
	return err;
}

void
token_exchange_grant(const TokenRequest *request, TokenResponse *response)
{
	Exchange exchange = {.request = request};
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_TOKEN_EXCHANGE);
	PgtErr err = judge(&exchange);
	const Grant *parent = exchange.parent;

	if (err != PGT_OK)
	{
		token_request_refuse(request, "exchange.refused", err, parent ? &parent->grant_id : NULL,
							 parent ? parent->auth.subject : NULL, response);
		return;
	}

	issue.auth = parent->auth;
	/* claims were given for the tokens of one client */
	if (strcmp(parent->client_id, request->client->client_id) != 0)
		issue.auth.claims = object_empty();
	/* the token's own, which may be less than its family's */
	issue.auth.details = member_json(exchange.subject, "authorization_details");
	issue.details = http_param(request->x, "authorization_details");
	issue.scope = exchange.scope;
	issue.resources = exchange.resources;
	issue.n_resources = exchange.n_resources;
	issue.lifespan.not_after = end_of(&exchange);
	issue.ancestors = exchange.ancestors;
	issue.n_ancestors = exchange.n_ancestors;
	issue.ancestor_tokens = exchange.ancestor_tokens;
	issue.act = act_of(&exchange);
	issue_tokens(&issue, response);
	response->issued_token_type = ACCESS_TOKEN_TYPE;
}
