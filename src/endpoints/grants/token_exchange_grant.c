/*
 * token_exchange_grant.c
 *		Use case: a client exchanges an access token for one of its own (RFC 8693).
 *
 * The new token is of a new family, which names the families it comes from: with
 * one of them it dies.  It outlives the subject token in nothing: neither scope
 * nor time, and there is no refresh token.
 *
 * It begins on the subject token's shard.  A token of an actor's that lies elsewhere is
 * verified there, before, and what it says carried here.
 */
#include "endpoints/grants/token_exchange_grant.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/shard.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/route.h"
#include "core/oauth/scope.h"
#include "http/hop.h"
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

/* what the actor's shard tells the subject's */
#define VOUCHED "actor"

/* a token that was exchanged more often than any honest chain of services is long */
#define ANCESTORS_MAX 16

/* one exchange, as far as it has come */
typedef struct Exchange
{
	const TokenRequest *request;
	Jsonb *subject; /* claims of the subject token */
	Jsonb *actor; /* of the actor token; NULL: none, or not of this shard */
	Jsonb *vouched; /* what its shard says of it; NULL: it is of this one */
	Grant *parent; /* family of the subject token */
	Jsonb *act; /* of the actor; NULL: none */
	int64 end; /* of the new family, in seconds since 1970 */
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
		exchange->vouched = hop_carried_member(request->x, VOUCHED);
	if (err == PGT_OK && actor && exchange->vouched == NULL)
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
	if (exchange->parent == NULL)
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

/* who acts in the name of the actor is in his act: a token that was issued to somebody else does not hide him */
static PgtErr
act_of(Jsonb *actor, Jsonb **act)
{
	const Grant *acting = family_of(actor);

	if (acting == NULL)
		return PGT_ERR_EXCHANGE_TOKEN;
	*act = act_after(acting_begin(member_string(actor, "sub"), acting->auth.subject), acting->act);
	return PGT_OK;
}

/*
 * RFC 8693 section 4.1: who acts now, and in his act who acted before.  The family ends
 * with the subject token; with that of an actor, too, for whom somebody else acts, who has
 * it for minutes, and with that of another shard, whose revocation is not seen here.
 */
static PgtErr
read_actor(Exchange *exchange)
{
	Jsonb *act = NULL;
	Jsonb *bound = exchange->vouched;
	PgtErr err = PGT_OK;

	if (exchange->vouched)
		act = member_json(exchange->vouched, "act");
	else if (exchange->actor)
		err = act_of(exchange->actor, &act);
	if (exchange->actor && member_json(exchange->actor, "act"))
		bound = exchange->actor;
	exchange->act = act_after(act, exchange->parent->act);
	exchange->end = member_int(exchange->subject, "exp", 0);
	if (bound)
		exchange->end = Min(exchange->end, member_int(bound, "exp", 0));
	return err;
}

/* the token alone must not be enough, whoever steals one could move it elsewhere */
static PgtErr
check_client(const TokenRequest *request)
{
	return request->client->confidential
			   ? PGT_OK
			   : refused(PGT_ERR_CLIENT_GRANT_TYPE, "client_type", "public", "confidential");
}

static PgtErr
judge(Exchange *exchange)
{
	PgtErr err = check_client(exchange->request);

	if (err == PGT_OK)
		err = read_tokens(exchange);
	if (err == PGT_OK)
		err = read_families(exchange);
	if (err == PGT_OK)
		err = read_actor(exchange);
	if (err == PGT_OK)
		err = read_resources(exchange);
	if (err == PGT_OK)
		err = read_scope(exchange);
	return err;
}

/* on the actor's shard: what the subject's has to know of him; what it cannot see, the end of his family, is bounded by exp */
static Jsonb *
vouched_for(Jsonb *actor, Jsonb *act)
{
	Object member;
	Object vouched;

	object_begin(&member);
	object_jsonb(&member, "act", act);
	object_int(&member, "exp", member_int(actor, "exp", 0));
	object_begin(&vouched);
	object_jsonb(&vouched, VOUCHED, object_end(&member));
	return object_end(&vouched);
}

static PgtErr
vouch(const TokenRequest *request)
{
	PgtErr err = check_client(request);
	Jsonb *actor;
	Jsonb *act;

	if (err == PGT_OK)
		err = read_token(request, http_param(request->x, "actor_token"), &actor);
	if (err == PGT_OK)
		err = act_of(actor, &act);
	return err == PGT_OK ? hop_home(request->x, vouched_for(actor, act)) : err;
}

/* what names no shard is no token: refused at home */
static bool
lies_elsewhere(const char *token, uint32 *shard)
{
	return pgtc_route_shard(pgtc_slice_str(token), &glue_mem, shard_here().count, shard) ==
			   PGTC_OK &&
		   !shard_is_here(*shard);
}

PgtErr
token_exchange_grant_way(HttpExchange *x)
{
	char *actor = shard_here().count > 0 ? http_param(x, "actor_token") : NULL;
	bool to_verify = actor && hop_carried_member(x, VOUCHED) == NULL;
	uint32 shard;

	if (to_verify && lies_elsewhere(actor, &shard))
		return hop_aside(x, shard, NULL);
	return to_verify || hop_is_home(x) ? PGT_OK : hop_home(x, NULL);
}

void
token_exchange_grant(const TokenRequest *request, TokenResponse *response)
{
	Exchange exchange = {.request = request};
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_TOKEN_EXCHANGE);
	PgtErr err = hop_is_home(request->x) ? judge(&exchange) : vouch(request);
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
	issue.lifespan.not_after = moment_of_unix(exchange.end);
	issue.ancestors = exchange.ancestors;
	issue.n_ancestors = exchange.n_ancestors;
	issue.ancestor_tokens = exchange.ancestor_tokens;
	issue.act = exchange.act;
	issue_tokens(&issue, response);
	response->issued_token_type = ACCESS_TOKEN_TYPE;
}
