/*
 * document_trip.c
 *		Clients of a document, where another database writes the configuration.
 */
#include "endpoints/document_trip.h"

#include "base/configuration.h"
#include "http/client_auth.h"
#include "http/client_document.h"
#include "tables/client.h"

/* who has a secret to be named with is of no document */
static const char *
named_client(const HttpExchange *x)
{
	const char *client_id = http_param(x, "client_id");

	return client_id || http_param(x, "client_assertion") == NULL ? client_id : client_auth_name(x);
}

static bool
go(HttpExchange *x, RequestPlace place)
{
	request_place_answer_shard(x, place);
	return true;
}

/* at the primary: one that was sent here for the sake of its document alone */
static bool
go_back(HttpExchange *x, RequestPlace place, const char *client_id)
{
	Client *client = NULL;
	const char *why = NULL;
	PgtErr err;

	if (place.kind != PLACE_SHARD || shard_is_here(place.number) || !x->request->peer.routed ||
		x->request->peer.carried)
		return false;
	err = client_document_find(x->issuer, client_id, &client, &why);
	if (err == PGT_ERR_WAIT)
	{
		(void) http_refusal(x, err);
		return true;
	}
	/* what makes no client is refused here */
	return client && go(x, place);
}

bool
document_trip(HttpExchange *x, PlaceRule rule)
{
	const char *client_id;

	if (shard_here().count == 0 || x->issuer == NULL || x->form_err != PGT_OK)
		return false;
	client_id = named_client(x);
	if (client_id == NULL || !client_document_is_name(client_id))
		return false;
	if (configuration_is_elsewhere())
		return client_document_is_elsewhere(x->issuer, client_id) &&
			   go(x, request_place_configuration(x));
	return go_back(x, request_place(x, rule), client_id);
}
