/*
 * request_place.c
 *		Where a request belongs when there are several databases.
 *
 * What begins before its subject is known lies with its client; what has been handed out
 * says itself where it lies (core/oauth/route.h).
 */
#include "endpoints/request_place.h"

#include "base/configuration.h"
#include "base/glue.h"
#include "base/place.h"
#include "base/strings.h"
#include "core/base/slice.h"
#include "core/oauth/handle.h"
#include "core/oauth/route.h"
#include "core/oauth/status_list.h"
#include "core/oauth/user_code.h"
#include "endpoints/access_request.h"
#include "endpoints/grants/jwt_bearer_grant.h"
#include "http/client_auth.h"
#include "http/foreign_jwt.h"
#include "tables/grant_type.h"

/* of the grant types that go by something that was handed out: in which parameter it comes */
static const char *const handed_out[GRANT_TYPES] = {
	[GRANT_TYPE_AUTHORIZATION_CODE] = "code",
	[GRANT_TYPE_REFRESH_TOKEN] = "refresh_token",
	[GRANT_TYPE_DEVICE_CODE] = "device_code",
	[GRANT_TYPE_TOKEN_EXCHANGE] = "subject_token",
};

static RequestPlace
at(uint32 number)
{
	return (RequestPlace){.kind = PLACE_SHARD, .number = number};
}

static RequestPlace
of_text(const char *text)
{
	uint32_t number;

	if (text && pgtc_route_number(pgtc_slice_str(text), &glue_mem, &number) == PGTC_OK)
		return at(number);
	return (RequestPlace){.kind = PLACE_ANY};
}

static RequestPlace
of_client(const char *client_id)
{
	return client_id ? at(place_of_client(client_id)) : (RequestPlace){.kind = PLACE_ANY};
}

RequestPlace
request_place_any(const HttpExchange *x pg_attribute_unused())
{
	return (RequestPlace){.kind = PLACE_ANY};
}

RequestPlace
request_place_all(const HttpExchange *x pg_attribute_unused())
{
	return (RequestPlace){.kind = PLACE_ALL};
}

RequestPlace
request_place_configuration(const HttpExchange *x pg_attribute_unused())
{
	return (RequestPlace){.kind = PLACE_CONFIGURATION};
}

static RequestPlace
of_assertion(const char *text)
{
	uint32 placement;

	if (text && jwt_bearer_grant_place(text, &placement))
		return at(placement);
	return (RequestPlace){.kind = PLACE_ANY};
}

RequestPlace
request_place_grant(const HttpExchange *x)
{
	char *name = http_param(x, "grant_type");
	int type = name ? strings_find(grant_type_name, name) : -1;

	if (type < 0)
		return (RequestPlace){.kind = PLACE_ANY};
	if (handed_out[type])
		return of_text(http_param(x, handed_out[type]));
	if (type == GRANT_TYPE_JWT_BEARER)
		return of_assertion(http_param(x, "assertion"));
	return request_place_client(x);
}

RequestPlace
request_place_token(const HttpExchange *x)
{
	return of_text(http_param(x, "token"));
}

RequestPlace
request_place_access_token(const HttpExchange *x)
{
	const char *token = access_request_read(x).token;

	return of_text(token ? token : http_param(x, "access_token"));
}

RequestPlace
request_place_metrics(const HttpExchange *x)
{
	return access_request_read(x).token ? request_place_access_token(x) : request_place_all(x);
}

RequestPlace
request_place_step_up(const HttpExchange *x)
{
	return of_text(http_param(x, "transaction_id"));
}

RequestPlace
request_place_client(const HttpExchange *x)
{
	return of_client(client_auth_name(x));
}

RequestPlace
request_place_device(const HttpExchange *x)
{
	RequestPlace place = request_place_client(x);

	place.number %= PGTC_USER_CODE_PLACEMENTS;
	return place;
}

/* one that was pushed lies where it was pushed to, and what it becomes lies beside it */
RequestPlace
request_place_authorization(const HttpExchange *x)
{
	char *request_uri = http_param(x, "request_uri");

	if (request_uri &&
		strncmp(request_uri, PGTC_REQUEST_URI_PREFIX, strlen(PGTC_REQUEST_URI_PREFIX)) == 0)
		return of_text(request_uri);
	return of_client(http_param(x, "client_id"));
}

RequestPlace
request_place_answer(const HttpExchange *x)
{
	return of_text(http_param(x, "answer"));
}

/* by the client that the hint was made for, as the endpoint does; nobody's leaves nothing behind */
RequestPlace
request_place_logout(const HttpExchange *x)
{
	char *hint = http_param(x, "id_token_hint");
	ForeignJwt jwt;

	if (hint && foreign_jwt_read(hint, &jwt) && jwt.claims->n_aud == 1)
		return of_client(strings_of_slice(jwt.claims->aud[0]));
	return of_client(http_param(x, "client_id"));
}

RequestPlace
request_place_status_list(const HttpExchange *x)
{
	PgtcStatusList list;

	if (pgtc_status_list_parse(pgtc_slice_str(x->name), &list) != PGTC_OK)
		return (RequestPlace){.kind = PLACE_ANY};
	return at((uint32) (list.series % PGTC_PLACEMENTS));
}

RequestPlace
request_place(HttpExchange *x, PlaceRule rule)
{
	RequestPlace place;
	char *client_id;

	if (x->form_err != PGT_OK)
		return request_place_any(x);
	place = rule(x);
	client_id = http_param(x, "client_assertion") ? client_auth_name(x) : NULL;
	if (client_id == NULL)
		return place;
	x->has_home = place.kind == PLACE_SHARD;
	x->home = place.number;
	return of_client(client_id);
}

char *
request_place_name(RequestPlace place, uint32 shards)
{
	switch (place.kind)
	{
		case PLACE_ANY:
			return "any";
		case PLACE_ALL:
			return "all";
		case PLACE_CONFIGURATION:
			return "configuration";
		case PLACE_SHARD:
			break;
	}
	return psprintf("%u", place.number % shards);
}

void
request_place_answer_shard(HttpExchange *x, RequestPlace place)
{
	x->status = 0;
	http_answer_header(x, "Shard", request_place_name(place, shard_here().count));
}

static bool
is_elsewhere(RequestPlace place)
{
	if (place.kind == PLACE_SHARD)
		return !shard_is_here(place.number);
	return place.kind == PLACE_CONFIGURATION && configuration_role() != CONFIGURATION_PRIMARY;
}

bool
request_place_is_elsewhere(HttpExchange *x, PlaceRule rule)
{
	RequestPlace place;

	if (shard_here().count == 0)
		return false;
	place = request_place(x, rule);
	if (x->request->peer.routed || !is_elsewhere(place))
		return false;
	request_place_answer_shard(x, place);
	return true;
}
