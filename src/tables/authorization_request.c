/*
 * authorization_request.c
 *		Requests on their way.
 */
#include "tables/authorization_request.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/place.h"
#include "base/secret_handle.h"
#include "base/shard.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/base/uuid.h"
#include "core/oauth/handle.h"
#include "tables/issuer.h"

/* member of the parameters: grant_id of the pushed request */
#define FROM_PUSHED "from_pushed"
/* the only one of an answer, and of what was handed over: what it says, which its handle opens */
#define SEALED "sealed"

static StoreQuery request_insert_query =
	STORE_QUERY("request insert", STORE_WRITES,
				"INSERT INTO pgtoken.authorization_requests ({names}) VALUES ({values})");

/* grant_id, times, and the handle that names it */
static char *
begin_request(AuthorizationRequest *request, const char *prefix, int lifetime,
			  uint8_t hash[PGTC_SHA256_LEN])
{
	place_uuid(shard_placement(place_of_client(request->client_id)), &request->grant_id);
	request->created_at = GetCurrentTimestamp();
	request->expires_at = moment_plus(request->created_at, lifetime);
	return secret_handle_create(prefix, &request->grant_id, hash);
}

static void
insert_request(const AuthorizationRequest *request, const uint8_t hash[PGTC_SHA256_LEN])
{
	StoreArgs args = {0};

	store_arg_uuid(store_named(&args, "grant_id"), &request->grant_id);
	store_arg_text(store_named(&args, "kind"), request->kind);
	store_arg_bytes(store_named(&args, "handle_hash"), hash, PGTC_SHA256_LEN);
	store_arg_text(store_named(&args, "issuer"), request->issuer);
	store_arg_text(store_named(&args, "client_id"), request->client_id);
	store_arg_jsonb(store_named(&args, "parameters"), request->parameters);
	store_arg_time(store_named(&args, "created_at"), request->created_at);
	store_arg_time(store_named(&args, "expires_at"), request->expires_at);
	store_run(&request_insert_query, &args, NULL, NULL);
}

char *
authorization_request_insert(AuthorizationRequest *request, const char *prefix, int lifetime)
{
	uint8_t hash[PGTC_SHA256_LEN];
	char *handle = begin_request(request, prefix, lifetime, hash);

	insert_request(request, hash);
	return handle;
}

/* parameters that only who has the handle can read */
static Jsonb *
seal_parameters(const char *prefix, const char *handle, Jsonb *parameters)
{
	Object sealed;

	object_begin(&sealed);
	object_string(&sealed, SEALED, secret_handle_seal(prefix, handle, object_text(parameters)));
	return object_end(&sealed);
}

char *
authorization_request_insert_sealed(AuthorizationRequest *request, const char *prefix, int lifetime)
{
	uint8_t hash[PGTC_SHA256_LEN];
	char *handle = begin_request(request, prefix, lifetime, hash);

	request->parameters = seal_parameters(prefix, handle, request->parameters);
	insert_request(request, hash);
	return handle;
}

Jsonb *
authorization_request_open(const AuthorizationRequest *request, const char *prefix,
						   const char *handle)
{
	char *text = secret_handle_open(prefix, handle, member_string(request->parameters, SEALED));

	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

typedef struct FoundRequest
{
	AuthorizationRequest request; /* first */
	uint8_t hash[PGTC_SHA256_LEN];
} FoundRequest;

static void
read_request(StoreRow *row, void *arg)
{
	FoundRequest *found = arg;

	store_uuid(store_column(row, "grant_id"), &found->request.grant_id);
	found->request.kind = store_text(store_column(row, "kind"));
	store_bytes(store_column(row, "handle_hash"), found->hash, sizeof(found->hash));
	found->request.issuer = store_text(store_column(row, "issuer"));
	found->request.client_id = store_text(store_column(row, "client_id"));
	found->request.parameters = store_jsonb(store_column(row, "parameters"));
	found->request.created_at = store_time(store_column(row, "created_at"), DT_NOBEGIN);
	found->request.expires_at = store_time(store_column(row, "expires_at"), DT_NOBEGIN);
}

#define REQUEST_READ \
	"SELECT {columns} FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1"

static StoreQuery request_read_query =
	STORE_ROW_QUERY("request read", STORE_READS, read_request, FoundRequest, REQUEST_READ);

/* and whoever wants to answer it waits */
static StoreQuery request_lock_query = STORE_ROW_QUERY("request lock", STORE_READS, read_request,
													   FoundRequest, REQUEST_READ " FOR UPDATE");

static AuthorizationRequest *
find_request(StoreQuery *query, const Issuer *issuer, const char *prefix, const char *handle)
{
	FoundRequest *found;
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;

	if (!secret_handle_read(prefix, handle, &grant_id, hash))
		return NULL;
	store_arg_uuid(&args, &grant_id);
	found = store_find(query, &args);
	if (found == NULL || !pgtc_crypto_equal(hash, found->hash, sizeof(hash)) ||
		strcmp(found->request.issuer, issuer->issuer) != 0 ||
		GetCurrentTimestamp() >= found->request.expires_at)
		return NULL;
	/* a clone has those of its original until they are forgotten: two codes would come of one */
	shard_require_id(&grant_id, "the request");
	return &found->request;
}

AuthorizationRequest *
authorization_request_find(const Issuer *issuer, const char *prefix, const char *handle)
{
	return find_request(&request_read_query, issuer, prefix, handle);
}

AuthorizationRequest *
authorization_request_transaction(Issuer *issuer, const char *text, const char *subject)
{
	AuthorizationRequest *request;
	HandedOver *handed;

	if (!handed_over_is(text))
		return authorization_request_find(issuer, PGTC_TRANSACTION_PREFIX, text);
	handed = handed_over_open(issuer, HANDED_OVER_AUTHORIZATION, text, subject);
	if (handed == NULL)
		return NULL;
	request = palloc0(sizeof(AuthorizationRequest));
	request->grant_id = handed->id;
	request->kind = pstrdup(REQUEST_AUTHORIZATION);
	request->issuer = issuer->issuer;
	request->client_id = handed->client_id;
	request->parameters = handed->content;
	request->created_at = handed->created_at;
	request->expires_at = handed->expires_at;
	request->handed_over = handed;
	return request;
}

static StoreQuery request_delete_query = STORE_QUERY(
	"request delete", STORE_WRITES,
	"DELETE FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1 AND r.kind" EQ "$2");

/* what has become another kind meanwhile is none of ours */
static bool
delete_request(const pg_uuid_t *grant_id, const char *kind)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	store_arg_text(&args, kind);
	return store_run(&request_delete_query, &args, NULL, NULL) == 1;
}

bool
authorization_request_delete(const AuthorizationRequest *request)
{
	return delete_request(&request->grant_id, request->kind);
}

Jsonb *
authorization_request_from_pushed(const AuthorizationRequest *pushed)
{
	Object object;

	object_begin(&object);
	object_string(&object, FROM_PUSHED, strings_of_uuid(&pushed->grant_id));
	return object_concat(pushed->parameters, object_end(&object));
}

/* false: there was one, and it was answered before */
static bool
spend_pushed(const AuthorizationRequest *request)
{
	char *from = member_string(request->parameters, FROM_PUSHED);
	pg_uuid_t pushed;

	if (from == NULL)
		return true;
	glue_check(pgtc_uuid_parse(pgtc_slice_str(from), pushed.data), "reading a grant_id");
	return delete_request(&pushed, REQUEST_PUSHED);
}

bool
authorization_request_answer(const AuthorizationRequest *request)
{
	if (request->handed_over)
		return handed_over_answer(request->issuer, request->handed_over);
	return delete_request(&request->grant_id, request->kind) && spend_pushed(request);
}

Jsonb *
authorization_request_told(const AuthorizationRequest *request)
{
	return object_without(request->parameters, FROM_PUSHED);
}

/* --- to another shard ----------------------------------------------------------- */

static char *
seal_for(Issuer *issuer, const AuthorizationRequest *request, const char *subject, bool spent)
{
	HandedOver handed = {.subject = pstrdup(subject),
						 .spent = spent,
						 .client_id = request->client_id,
						 .created_at = request->created_at,
						 .expires_at = request->expires_at,
						 .content = authorization_request_told(request)};

	return handed_over_seal(issuer, HANDED_OVER_AUTHORIZATION, &request->grant_id, &handed);
}

static StoreQuery request_hand_over_query =
	STORE_QUERY("request hand over", STORE_WRITES,
				"UPDATE pgtoken.authorization_requests r SET kind = '" REQUEST_HANDED_OVER
				"', parameters = $2 WHERE r.grant_id" EQ "$1");

/*
 * The row stays, so that whoever has not heard the answer asks again.  It names nobody:
 * subject and text are sealed by the transaction_id, and so is what the client has said
 * of its user.
 */
static void
keep_handed_over(const AuthorizationRequest *request, const char *transaction_id,
				 const char *subject, const char *text)
{
	StoreArgs args = {0};
	Object kept;

	object_begin(&kept);
	object_string(&kept, "subject", subject);
	object_string(&kept, "text", text);
	store_arg_uuid(&args, &request->grant_id);
	store_arg_jsonb(&args,
					seal_parameters(PGTC_TRANSACTION_PREFIX, transaction_id, object_end(&kept)));
	store_run(&request_hand_over_query, &args, NULL, NULL);
}

/* what was kept then; NULL: it was for somebody else */
static char *
handed_over_before(const AuthorizationRequest *request, const char *transaction_id,
				   const char *subject)
{
	Jsonb *kept = authorization_request_open(request, PGTC_TRANSACTION_PREFIX, transaction_id);

	return strcmp(member_string(kept, "subject"), subject) == 0 ? member_string(kept, "text")
																: NULL;
}

char *
authorization_request_hand_over(Issuer *issuer, const char *transaction_id, const char *subject,
								bool spend, AuthorizationRequest **ended)
{
	AuthorizationRequest *request = find_request(spend ? &request_lock_query : &request_read_query,
												 issuer, PGTC_TRANSACTION_PREFIX, transaction_id);
	char *text;

	*ended = NULL;
	if (request && spend && strcmp(request->kind, REQUEST_HANDED_OVER) == 0)
		return handed_over_before(request, transaction_id, subject);
	if (request == NULL || strcmp(request->kind, REQUEST_AUTHORIZATION) != 0)
		return NULL;
	text = seal_for(issuer, request, subject, spend);
	if (!spend)
		return text;
	if (!spend_pushed(request))
	{
		(void) authorization_request_delete(request);
		return NULL;
	}
	keep_handed_over(request, transaction_id, subject, text);
	*ended = request;
	return text;
}
