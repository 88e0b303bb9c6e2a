/*
 * metrics_endpoint.c
 *		Use case: Prometheus, or what speaks its language, reads what is measured.
 *
 * Who may: a client in its own name, by a bearer token with the scope for it, and what
 * comes from a network that is configured.  The path is the server's and not an
 * issuer's, and so are the numbers: so no administrator of one issuer gives the scope
 * (76_metrics.sql), and a client that has registered itself has nothing by it.
 */
#include "endpoints/metrics_endpoint.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/refused.h"
#include "base/replay_lag.h"
#include "base/request.h"
#include "core/base/address.h"
#include "core/base/slice.h"
#include "endpoints/access_request.h"
#include "http/http_context.h"
#include "tables/monitoring.h"
#include "tokens/target.h"

#define PROMETHEUS "text/plain"
#define OPENMETRICS "application/openmetrics-text"

static bool
is_near(const HttpExchange *x)
{
	const char *text = guc_metrics_networks[0] ? http_context_address(x) : NULL;
	PgtcAddress address;

	return text && pgtc_address_parse(pgtc_slice_str(text), &address) == PGTC_OK &&
		   pgtc_address_in_networks(pgtc_slice_str(guc_metrics_networks), &address);
}

/* of the client itself, and for its issuer alone: what is for an API as well, the API has got */
static PgtErr
check_claims(HttpExchange *x, Jsonb *claims)
{
	char *issuer = member_string(claims, "iss");
	char *audience = member_string(claims, "aud");
	char *subject = member_string(claims, "sub");

	x->client_id = member_string(claims, "client_id");
	if (audience == NULL || strcmp(audience, issuer) != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "aud",
					   audience ? audience : "several audiences", issuer);
	if (!request_subject_is_client(subject) || member_json(claims, "act") ||
		monitoring_is_registered(x->client_id))
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "sub", subject,
					   "a client in its own name that an administrator has made");
	if (access_request_has_scope(claims, TARGET_METRICS_SCOPE))
		return PGT_OK;
	return refused(PGT_ERR_ACCESS_TOKEN_SCOPE, "scope", member_string(claims, "scope"),
				   TARGET_METRICS_SCOPE);
}

static PgtErr
check_token(HttpExchange *x, const AccessRequest *access)
{
	Jsonb *claims;
	PgtErr err;

	if (access->token == NULL)
		return PGT_ERR_ACCESS_TOKEN_MISSING;
	/* a proof would be of a URL, and this server does not know all that it is reached by */
	if (strcmp(access->scheme, "Bearer") != 0)
		return refused(PGT_ERR_ACCESS_TOKEN_INVALID, "Authorization", access->scheme, "Bearer");
	if (replay_lag_exceeded())
		return PGT_ERR_STALE_STANDBY;
	err = access_request_check(x, access, x->request->method, "", NULL, &claims);
	return err == PGT_OK ? check_claims(x, claims) : err;
}

static char *
refuse(HttpExchange *x, const AccessRequest *access, PgtErr err)
{
	int status = errors_info(err)->http_status;

	if (status != 401 && status != 403)
		return object_text(http_error(x, err));
	http_challenge(x, access->scheme, err,
				   err == PGT_ERR_ACCESS_TOKEN_SCOPE ? TARGET_METRICS_SCOPE : NULL);
	return NULL;
}

char *
metrics_endpoint(HttpExchange *x)
{
	AccessRequest access = access_request_read(x);
	bool openmetrics = http_prefers(x, OPENMETRICS, PROMETHEUS);
	PgtErr err;

	if (!is_near(x))
	{
		x->issuer = issuer_of_session(); /* the realm of a challenge */
		err = check_token(x, &access);
		if (err != PGT_OK)
			return refuse(x, &access, err);
	}
	x->content_type = openmetrics ? OPENMETRICS "; version=1.0.0; charset=utf-8"
								  : PROMETHEUS "; version=0.0.4; charset=utf-8";
	return monitoring_metrics(openmetrics);
}
