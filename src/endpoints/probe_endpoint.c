/*
 * probe_endpoint.c
 *		What who runs the service asks it: is it alive, can it answer?
 *
 * Everybody may ask, so that the answers have no names.
 */
#include "endpoints/probe_endpoint.h"

#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/replay_lag.h"
#include "tables/issuer.h"
#include "tables/monitoring.h"

char *
probe_endpoint_live(HttpExchange *x)
{
	Object body;

	(void) x;
	object_begin(&body);
	object_bool(&body, "live", true);
	return object_text(object_end(&body));
}

/* whom the host of the request means; NULL: nobody by name, which is the default one */
static const char *
issuer_of(const HttpRequest *request)
{
	const char *host = http_request_authority(request);
	Issuer *issuer = host ? issuer_next_at(host, NULL) : NULL;

	if (guc_http_issuer[0])
		return guc_http_issuer;
	return issuer ? issuer->issuer : NULL;
}

char *
probe_endpoint_ready(HttpExchange *x)
{
	Jsonb *readiness = monitoring_readiness(issuer_of(x->request), replay_lag_exceeded());
	char *body = object_text(readiness);

	if (!member_bool(readiness, "ready", false))
	{
		x->status = 503;
		http_answer_header(x, "Retry-After", "5");
		/* for a layer that answers a 503 in words of its own (http/nginx.conf) */
		http_answer_header(x, "Pgtoken-Ready", body);
	}
	return body;
}
