/*
 * challenge_endpoint.c
 *		Use cases: the client of a step-up transaction has its user choose a factor,
 *		and prove it.
 *
 * Neither gives away anything of the user: a code goes to the application, which
 * delivers it, and what is completed here counts for nothing but the request that
 * was challenged.
 */
#include "endpoints/challenge_endpoint.h"

#include "base/object.h"
#include "base/refused.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "http/client_auth.h"
#include "http/http_context.h"
#include "step_up/factor_challenge.h"
#include "tables/client.h"

/* what a client may say of a factor: a code, or the parts of a WebAuthn assertion */
static const char *const evidence_members[] = {
	"factor_id", "code", "id", "client_data_json", "authenticator_data", "signature"};

/* the transaction, of an authenticated client */
static PgtErr
begin(HttpExchange *x, const Client **client, char **transaction_id)
{
	PgtErr err = x->form_err;

	if (err == PGT_OK)
		err = client_auth(x, client);
	*transaction_id = http_param(x, "transaction_id");
	return err == PGT_OK && *transaction_id == NULL
			   ? refused(PGT_ERR_REQUEST_PARAMETER, "transaction_id", NULL, NULL)
			   : err;
}

static PgtErr
read_factor_id(const HttpExchange *x, pg_uuid_t *factor_id)
{
	char *text = http_param(x, "factor_id");

	if (text == NULL)
		return refused(PGT_ERR_REQUEST_PARAMETER, "factor_id", NULL, NULL);
	return pgtc_uuid_parse(pgtc_slice_str(text), factor_id->data) == PGTC_OK
			   ? PGT_OK
			   : PGT_ERR_FACTOR_UNKNOWN;
}

static Jsonb *
read_evidence(const HttpExchange *x)
{
	Object evidence;

	object_begin(&evidence);
	for (size_t i = 0; i < lengthof(evidence_members); i++)
		object_string(&evidence, evidence_members[i], http_param(x, evidence_members[i]));
	return object_end(&evidence);
}

Jsonb *
challenge_endpoint(HttpExchange *x)
{
	const Client *client;
	char *transaction_id;
	pg_uuid_t factor_id;
	ChallengeAnswer answer = {0};

	answer.err = begin(x, &client, &transaction_id);
	if (answer.err == PGT_OK)
		answer.err = read_factor_id(x, &factor_id);
	if (answer.err == PGT_OK)
		factor_challenge_begin(transaction_id, &factor_id, client->client_id, true, http_context(x),
							   &answer);
	return answer.err == PGT_OK ? answer.body : http_error(x, answer.err);
}

Jsonb *
challenge_endpoint_complete(HttpExchange *x)
{
	const Client *client;
	char *transaction_id;
	ChallengeAnswer answer = {0};

	answer.err = begin(x, &client, &transaction_id);
	if (answer.err == PGT_OK && http_param(x, "code") == NULL && http_param(x, "signature") == NULL)
		answer.err = refused(PGT_ERR_REQUEST_PARAMETER, "code", NULL, "code or signature");
	if (answer.err == PGT_OK)
		factor_challenge_complete(transaction_id, read_evidence(x), client->client_id, false,
								  http_context(x), &answer);
	return answer.err == PGT_OK ? answer.body : http_error(x, answer.err);
}
