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
#include "tables/issuer.h"

/* member of the parameters: grant_id of the pushed request */
#define FROM_PUSHED "from_pushed"
/* the only one of an answer: what it says, which its handle opens */
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

char *
authorization_request_insert_sealed(AuthorizationRequest *request, const char *prefix, int lifetime)
{
	uint8_t hash[PGTC_SHA256_LEN];
	char *handle = begin_request(request, prefix, lifetime, hash);
	Object sealed;

	object_begin(&sealed);
	object_string(&sealed, SEALED,
				  secret_handle_seal(prefix, handle, object_text(request->parameters)));
	request->parameters = object_end(&sealed);
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

static StoreQuery request_read_query = STORE_ROW_QUERY(
	"request read", STORE_READS, read_request, FoundRequest,
	"SELECT {columns} FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1");

AuthorizationRequest *
authorization_request_find(const Issuer *issuer, const char *prefix, const char *handle)
{
	FoundRequest *found;
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];
	pg_uuid_t grant_id;

	if (!secret_handle_read(prefix, handle, &grant_id, hash))
		return NULL;
	store_arg_uuid(&args, &grant_id);
	found = store_find(&request_read_query, &args);
	if (found == NULL || !pgtc_crypto_equal(hash, found->hash, sizeof(hash)) ||
		strcmp(found->request.issuer, issuer->issuer) != 0 ||
		GetCurrentTimestamp() >= found->request.expires_at)
		return NULL;
	return &found->request;
}

static StoreQuery request_delete_query =
	STORE_QUERY("request delete", STORE_WRITES,
				"DELETE FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ "$1");

static bool
delete_request(const pg_uuid_t *grant_id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, grant_id);
	return store_run(&request_delete_query, &args, NULL, NULL) == 1;
}

bool
authorization_request_delete(const AuthorizationRequest *request)
{
	return delete_request(&request->grant_id);
}

Jsonb *
authorization_request_from_pushed(const AuthorizationRequest *pushed)
{
	Object object;

	object_begin(&object);
	object_string(&object, FROM_PUSHED, strings_of_uuid(&pushed->grant_id));
	return object_concat(pushed->parameters, object_end(&object));
}

bool
authorization_request_answer(const AuthorizationRequest *request)
{
	char *from = member_string(request->parameters, FROM_PUSHED);
	pg_uuid_t pushed;

	if (!delete_request(&request->grant_id))
		return false;
	if (from == NULL)
		return true;
	glue_check(pgtc_uuid_parse(pgtc_slice_str(from), pushed.data), "reading a grant_id");
	return delete_request(&pushed);
}

Jsonb *
authorization_request_told(const AuthorizationRequest *request)
{
	return object_without(request->parameters, FROM_PUSHED);
}
