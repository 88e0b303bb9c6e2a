/*
 * jwt_bearer_grant.c
 *		Use case: an access token for the assertion of an issuer that is trusted (RFC
 *		7523 section 2.1): a cluster or a CI system says who runs there, an enterprise's
 *		identity provider for which of its people an agent acts (the Identity Assertion
 *		Authorization Grant).
 *
 * Whose is the assertion? -> is the signature theirs, is it meant for us, is it its
 * time? -> which rule does it fulfil? -> the subject and the scopes of the rule.  There
 * is neither refresh token nor ID token: the client comes again with a new assertion.
 */
#include "endpoints/grants/jwt_bearer_grant.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/refused.h"
#include "base/replay.h"
#include "base/request.h"
#include "base/session_lock.h"
#include "base/shard.h"
#include "base/strings.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/text.h"
#include "core/oauth/scope.h"
#include "http/client_auth.h"
#include "http/client_keys.h"
#include "http/foreign_jwt.h"
#include "http/hop.h"
#include "http/http.h"
#include "operations/issue.h"
#include "tables/subject_block.h"
#include "tables/trusted_issuer.h"
#include "tokens/target.h"

#define LEEWAY 10 /* seconds by which their clock may be ahead */
#define JTI_MAX 255
#define ID_JAG_TYP "oauth-id-jag+jwt"

/* one assertion, as far as it has been believed */
typedef struct Assertion
{
	ForeignJwt jwt;
	bool id_jag; /* of a person, for one client (Identity Assertion Authorization Grant) */
	const TrustedIssuer *trusted;
	Jsonb *claims;
	const AssertionRule *rule;
	char *subject;
	char *scope; /* that it may have */
	char **resources;
	int n_resources; /* -1: any that the client may ask for */
} Assertion;

static PgtErr
refused_claim(const char *name, const char *received, const char *expected)
{
	return refused(PGT_ERR_ASSERTION, name, received, expected);
}

static PgtErr
read_assertion(const HttpExchange *x, Assertion *out)
{
	char *text = http_param(x, "assertion");
	const char *typ = out->jwt.header.typ;

	if (text == NULL)
		return refused(PGT_ERR_REQUEST_PARAMETER, "assertion", NULL, NULL);
	if (!foreign_jwt_read(text, &out->jwt))
		return refused_claim("assertion", NULL, "a signed JWT of an algorithm that is known here");
	out->id_jag = strcmp(typ, ID_JAG_TYP) == 0;
	/* a token of another kind is no assertion, whoever has signed it (RFC 8725 section 3.11) */
	if (!out->id_jag && strcmp(typ, "") != 0 && strcmp(typ, "jwt") != 0)
		return refused_claim("typ", typ, "none, JWT or " ID_JAG_TYP);
	return PGT_OK;
}

static PgtErr
check_signature(const HttpExchange *x, Assertion *assertion)
{
	PgtcSlice iss = assertion->jwt.claims->iss;
	const PgtcJwsHeader *header = &assertion->jwt.header;
	bool verified = false;
	PgtErr err = PGT_OK;

	assertion->trusted =
		iss.data ? trusted_issuer_find(x->issuer, pnstrdup(iss.data, iss.len)) : NULL;
	if (assertion->trusted == NULL)
		return refused(PGT_ERR_ASSERTION_ISSUER, "iss",
					   iss.data ? pnstrdup(iss.data, iss.len) : NULL, NULL);
	if (header->alg->kty != PGTC_KTY_OCT)
	{
		const PublicKeys keys = {assertion->trusted->jwks, assertion->trusted->jwks_uri};

		err = client_keys_verify_by(x->issuer, &keys, &assertion->jwt.jws, header, &verified);
	}
	if (err != PGT_OK)
		return err == PGT_ERR_CLIENT_KEYS ? PGT_ERR_ASSERTION_KEYS : err;
	if (!verified)
		return refused_claim("signature",
							 psprintf("alg %s, kid %s", header->alg->name, header->kid),
							 "a key of the trusted issuer");
	assertion->claims = foreign_jwt_claims(&assertion->jwt);
	return assertion->claims
			   ? PGT_OK
			   : refused_claim("assertion", NULL, "claims that are not nested too deep");
}

/* RFC 7523 section 3: our name, the endpoint's, or one that the administrator has given */
static bool
means_us(const HttpExchange *x, const Assertion *assertion, PgtcSlice audience)
{
	const TrustedIssuer *trusted = assertion->trusted;

	if (pgtc_slice_equal(audience, pgtc_slice_str(x->issuer->issuer)))
		return true;
	if (assertion->id_jag)
		return false;
	return pgtc_slice_equal(audience, pgtc_slice_str(http_token_url(x))) ||
		   strings_have(trusted->audiences, trusted->n_audiences,
						pnstrdup(audience.data, audience.len));
}

static bool
is_for_us(const HttpExchange *x, const Assertion *assertion)
{
	const PgtcClaims *claims = assertion->jwt.claims;

	/* of a person's it is the only audience: who else takes it could show it here */
	if (assertion->id_jag && claims->n_aud != 1)
		return false;
	for (int i = 0; i < claims->n_aud; i++)
	{
		if (means_us(x, assertion, claims->aud[i]))
			return true;
	}
	return false;
}

static PgtErr
refused_time(const char *name, int64 received, int64 now, const Assertion *assertion)
{
	return refused_claim(name, psprintf(INT64_FORMAT, received),
						 psprintf("this server's time is " INT64_FORMAT ", an assertion lives %d s",
								  now, assertion->trusted->lifetime));
}

static PgtErr
check_claims(const HttpExchange *x, const Assertion *assertion)
{
	const PgtcClaims *claims = assertion->jwt.claims;
	int64 now = moment_unix(GetCurrentTimestamp());

	if (claims->sub.len == 0)
		return refused_claim("sub", NULL, NULL);
	if (!is_for_us(x, assertion))
		return refused_claim("aud", foreign_jwt_audience(claims),
							 assertion->id_jag ? psprintf("%s alone", x->issuer->issuer)
											   : x->issuer->issuer);
	if (claims->exp <= now || claims->exp > now + assertion->trusted->lifetime)
		return refused_time("exp", claims->exp, now, assertion);
	if (claims->nbf > now + LEEWAY)
		return refused_time("nbf", claims->nbf, now, assertion);
	if (claims->iat > now + LEEWAY)
		return refused_time("iat", claims->iat, now, assertion);
	if (claims->jti.len > JTI_MAX ||
		(claims->jti.len == 0 && (assertion->id_jag || assertion->trusted->single_use)))
		return refused_claim("jti", NULL, psprintf("1 to %d bytes", JTI_MAX));
	return PGT_OK;
}

/* what is believed of it, before it is anybody's */
static PgtErr
believe(const HttpExchange *x, Assertion *assertion)
{
	PgtErr err = read_assertion(x, assertion);

	if (err == PGT_OK)
		err = check_signature(x, assertion);
	return err == PGT_OK ? check_claims(x, assertion) : err;
}

PgtErr
jwt_bearer_grant_wait(const HttpExchange *x)
{
	Assertion assertion = {0};

	return believe(x, &assertion) == PGT_ERR_WAIT ? PGT_ERR_WAIT : PGT_OK;
}

PgtErr
jwt_bearer_grant_client(HttpExchange *x, const Client **client)
{
	Assertion assertion = {0};
	Client *found = NULL;
	PgtErr err = x->form_err != PGT_OK ? x->form_err : believe(x, &assertion);

	*client = NULL;
	if (err != PGT_OK)
		return err;
	if (!assertion.id_jag)
		assertion.rule = trusted_issuer_rule(x->issuer, assertion.trusted->iss, assertion.claims,
											 NULL, false, false);
	if (assertion.rule == NULL)
		return refused(PGT_ERR_CLIENT_MISSING, "sub", member_string(assertion.claims, "sub"),
					   "a client, or a rule without client authentication that the claims fulfil");
	x->client_id = assertion.rule->client_id;
	found = client_find(assertion.rule->client_id);
	if (found == NULL || strcmp(found->issuer, x->issuer->issuer) != 0)
		return refused(PGT_ERR_CLIENT_UNKNOWN, "client_id", assertion.rule->client_id, NULL);
	if (!found->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	/* FAPI 2.0 Security Profile section 5.3.2.1: a key of the client's own, each time */
	if (found->profile >= PROFILE_FAPI2)
		return refused(PGT_ERR_CLIENT_SECRET_MISSING, "token_endpoint_auth_method",
					   "an assertion that speaks for the client", client_auth_method_names(found));
	found->authenticated_by = "jwt-bearer";
	*client = found;
	return PGT_OK;
}

/* a person's assertion is made for one client, which proves that it is that one */
static PgtErr
check_client(const TokenRequest *request, const Assertion *assertion)
{
	PgtcSlice client_id = assertion->jwt.claims->client_id;

	if (!assertion->id_jag)
		return PGT_OK;
	if (!pgtc_slice_equal(client_id, pgtc_slice_str(request->client->client_id)))
		return refused_claim("client_id",
							 client_id.data ? pnstrdup(client_id.data, client_id.len) : NULL,
							 request->client->client_id);
	if (!request->client->confidential)
		return refused(PGT_ERR_CLIENT_GRANT_TYPE, "client_type", "public", "confidential");
	return PGT_OK;
}

/* what the assertion says, or a public client, which says but its name, proves nobody */
static bool
has_authenticated(const TokenRequest *request)
{
	return request->client->confidential && client_auth_presented(request->x);
}

static PgtErr
find_rule(const TokenRequest *request, Assertion *assertion)
{
	const AssertionRule *rule = trusted_issuer_rule(request->x->issuer, assertion->trusted->iss,
													assertion->claims, request->client->client_id,
													has_authenticated(request), assertion->id_jag);

	if (rule == NULL)
		return refused(PGT_ERR_ASSERTION_RULE, "sub", member_string(assertion->claims, "sub"),
					   "a rule whose conditions the claims fulfil, for this client");
	assertion->rule = rule;
	assertion->subject = trusted_issuer_subject(rule, assertion->claims);
	if (assertion->subject == NULL)
		return refused(PGT_ERR_ASSERTION_RULE, "subject", NULL,
					   psprintf("rule %s: %s", rule->rule, rule->subject));
	return PGT_OK;
}

/* a string or a list of them, palloc'd; n = -1: the claim is not there */
static char **
strings_of_claim(Jsonb *claims, const char *name, int *n)
{
	char *one = member_string(claims, name);
	char **list;

	if (one == NULL)
		return member_strings(claims, name, n);
	list = palloc(sizeof(char *));
	list[0] = one;
	*n = 1;
	return list;
}

/* the rule's, and of a person's assertion no more than it names itself */
static PgtErr
read_resources(const TokenRequest *request, Assertion *assertion)
{
	const AssertionRule *rule = assertion->rule;
	int n_claimed = -1;
	char **claimed = NULL;
	int n_named = request->n_resources;
	PgtErr err = PGT_OK;

	if (assertion->id_jag && member_json(assertion->claims, "resource"))
	{
		claimed = strings_of_claim(assertion->claims, "resource", &n_claimed);
		/* what cannot be read limits nothing */
		if (n_claimed <= 0)
			return refused_claim("resource", NULL, "a string or a list of them");
	}
	assertion->resources = rule->resources;
	assertion->n_resources = rule->n_resources;
	if (n_claimed >= 0)
	{
		err = rule->n_resources < 0 ? target_resources(request->client, claimed, &n_claimed)
									: target_within(request->client, claimed, &n_claimed,
													rule->resources, rule->n_resources);
		assertion->resources = claimed;
		assertion->n_resources = n_claimed;
	}
	if (err == PGT_OK && assertion->n_resources >= 0 && n_named > 0)
	{
		err = target_within(request->client, request->resources, &n_named, assertion->resources,
							assertion->n_resources);
		assertion->resources = request->resources;
		assertion->n_resources = n_named;
	}
	return err;
}

/* what the rule gives, the client may have and a person's assertion names; or what was asked for of it */
static PgtErr
read_scope(const TokenRequest *request, Assertion *assertion)
{
	const AssertionRule *rule = assertion->rule;
	const char *claimed = assertion->id_jag ? member_string(assertion->claims, "scope") : NULL;
	PgtcScope limit;
	PgtcScope wanted;
	PgtcScope granted = {0};

	if (assertion->id_jag && claimed == NULL && member_json(assertion->claims, "scope"))
		return refused_claim("scope", NULL, "a string");
	if (pgtc_scope_parse(pgtc_slice_str(claimed), &limit) != PGTC_OK)
		return refused_claim("scope", claimed, "a list of scopes (RFC 6749 section 3.3)");
	for (int i = 0; i < rule->n_scopes; i++)
	{
		PgtcSlice scope = pgtc_slice_str(rule->scopes[i]);

		if (pgtc_scope_has(&request->client->scope, scope) &&
			(claimed == NULL || pgtc_scope_has(&limit, scope)))
			glue_check(pgtc_scope_add(&granted, scope), "writing a scope");
	}
	assertion->scope = strings_of_scope(&granted);
	if (request->scope == NULL)
		return PGT_OK;
	if (pgtc_scope_parse(pgtc_slice_str(request->scope), &wanted) != PGTC_OK)
		return refused(PGT_ERR_SCOPE_MALFORMED, "scope", request->scope, NULL);
	assertion->scope = unconstify(char *, request->scope);
	return target_scope_within(request->client, &wanted, &granted);
}

/* what the shard to which it came tells the subject's */
#define USED "assertion"

static bool
is_first_use(HttpExchange *x, const Assertion *assertion)
{
	PgtcSlice jti = assertion->jwt.claims->jti;

	if (!assertion->id_jag && !assertion->trusted->single_use)
		return true;
	if (hop_carried_member(x, USED))
		return hop_first_use(x);
	return replay_first_use(
		"assertion", psprintf("%s %s", x->issuer->issuer, assertion->trusted->iss),
		pnstrdup(jti.data, jti.len), moment_of_unix(assertion->jwt.claims->exp));
}

/* what goes into our tokens is held to what an application may say there */
static PgtErr
check_authentication(const Assertion *assertion)
{
	char *acr = member_string(assertion->claims, "acr");
	int n;
	char **amr = member_strings(assertion->claims, "amr", &n);

	for (int i = -1; i < n; i++)
	{
		const char *value = i < 0 ? acr : amr[i];

		if (n > PGTC_AMR_MAX || (value && (strlen(value) > REQUEST_STRING_MAX ||
										   !pgtc_text_plain(pgtc_slice_str(value)))))
			return refused_claim(i < 0 ? "acr" : "amr", NULL, "short text");
	}
	return PGT_OK;
}

static PgtErr
judge(const TokenRequest *request, Assertion *assertion)
{
	PgtErr err = believe(request->x, assertion);

	if (err == PGT_OK)
		err = check_client(request, assertion);
	if (err == PGT_OK)
		err = find_rule(request, assertion);
	if (err == PGT_OK)
		err = read_resources(request, assertion);
	if (err == PGT_OK)
		err = read_scope(request, assertion);
	if (err == PGT_OK && assertion->id_jag)
		err = check_authentication(assertion);
	return err;
}

bool
jwt_bearer_grant_place(const char *assertion, uint32 *placement)
{
	ForeignJwt jwt;
	char *iss;
	char *id;

	if (!foreign_jwt_read(assertion, &jwt))
		return false;
	iss = strings_of_slice(jwt.claims->iss);
	id = strings_of_slice(jwt.claims->jti.len > 0 ? jwt.claims->jti : jwt.claims->sub);
	if (strcmp(jwt.header.typ, ID_JAG_TYP) == 0)
	{
		char *client_id = strings_of_slice(jwt.claims->client_id);

		*placement = client_id ? place_of_client(client_id) : 0;
		return client_id != NULL;
	}
	*placement = iss && id ? place_of_subject(psprintf("%s %s", iss, id)) : 0;
	return iss && id;
}

PgtErr
jwt_bearer_grant_way(HttpExchange *x)
{
	char *assertion = shard_here().count > 0 ? http_param(x, "assertion") : NULL;
	uint32 placement;

	if (assertion == NULL || hop_carried_member(x, USED) ||
		!jwt_bearer_grant_place(assertion, &placement) || shard_is_here(placement))
		return PGT_OK;
	return hop_to(x, placement, NULL);
}

/* used up before it goes to the subject's shard, which cannot know where else it was shown */
static PgtErr
follow(const TokenRequest *request, const Assertion *assertion)
{
	Object used;

	if (shard_here().count == 0 || shard_is_here(place_of_subject(assertion->subject)))
		return PGT_OK;
	if (!is_first_use(request->x, assertion))
		return PGT_ERR_ASSERTION_REPLAYED;
	object_begin(&used);
	object_jsonb(&used, USED, object_empty());
	return token_request_follow(request, assertion->subject, object_end(&used));
}

/* which trust it rests on, in the family and in the audit */
static Jsonb *
context_of(const TokenRequest *request, const Assertion *assertion)
{
	Object context;

	object_begin(&context);
	object_string(&context, "assertion_issuer", assertion->trusted->iss);
	object_string(&context, "assertion_rule", assertion->rule->rule);
	return object_concat(request->context, object_end(&context));
}

/* how the person has authenticated where the assertion was made; a workload has not */
static void
read_authentication(const Assertion *assertion, Authentication *auth)
{
	auth->subject = assertion->subject;
	auth->auth_time = DT_NOBEGIN;
	if (!assertion->id_jag)
		return;
	if (assertion->jwt.claims->auth_time >= 0)
		auth->auth_time = moment_of_unix(
			Min(assertion->jwt.claims->auth_time, moment_unix(GetCurrentTimestamp())));
	auth->acr = member_string(assertion->claims, "acr");
	auth->amr = member_strings(assertion->claims, "amr", &auth->n_amr);
}

void
jwt_bearer_grant(const TokenRequest *request, TokenResponse *response)
{
	Assertion assertion = {0};
	IssueRequest issue = token_request_issue(request, GRANT_TYPE_JWT_BEARER);
	PgtErr err = judge(request, &assertion);

	if (err == PGT_OK)
		err = follow(request, &assertion);
	if (err == PGT_OK)
	{
		read_authentication(&assertion, &issue.auth);
		err = token_request_details(request, &issue);
	}
	if (err == PGT_OK && subject_block_holds(request->client->issuer, assertion.subject))
		err = PGT_ERR_SUBJECT_BLOCKED;
	/* last: what is refused for another reason may come again */
	if (err == PGT_OK && !is_first_use(request->x, &assertion))
		err = PGT_ERR_ASSERTION_REPLAYED;
	if (err != PGT_OK)
	{
		token_request_refuse(request, "assertion.refused", err, NULL, assertion.subject, response);
		return;
	}

	issue.scope = assertion.scope;
	if (assertion.n_resources >= 0)
	{
		issue.resources = assertion.resources;
		issue.n_resources = assertion.n_resources;
	}
	issue.context = context_of(request, &assertion);
	/* nobody is logged in here, and yet the subject can be somebody whose sessions are ended at this moment */
	session_lock_issue(request->client->issuer, assertion.subject, NULL);
	issue_tokens(&issue, response);
}
