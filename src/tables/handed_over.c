/*
 * handed_over.c
 *		Requests that one shard hands over to that of their subject.
 *
 *		text = "pgtsr_" base64url( version | id | sealed({"subject": ..., ...}) )
 *
 * The key is made for the id alone, the label is the kind: with another id, as another
 * kind, or for another issuer nothing opens (core/oauth/sealed_request.h).
 */
#include "tables/handed_over.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/object.h"
#include "base/place.h"
#include "base/shard.h"
#include "base/store.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/slice.h"
#include "core/oauth/sealed_request.h"
#include "tables/issuer_seal.h"

/* kind of the row that remembers the answer, beside those of authorization_request.h */
#define REQUEST_ANSWERED "answered"

bool
handed_over_is(const char *text)
{
	return pgtc_sealed_request_is(pgtc_slice_str(text));
}

static char *
purpose_of(const pg_uuid_t *id)
{
	return psprintf("handed over %s", strings_of_uuid(id));
}

static char *
write_content(const HandedOver *handed)
{
	Object content;

	object_begin(&content);
	object_string(&content, "subject", handed->subject);
	object_bool(&content, "spent", handed->spent);
	object_string(&content, "client_id", handed->client_id);
	object_int(&content, "created_at", handed->created_at);
	object_int(&content, "expires_at", handed->expires_at);
	object_jsonb(&content, "content", handed->content);
	return object_text(object_end(&content));
}

static void
read_content(Jsonb *content, HandedOver *handed)
{
	handed->subject = member_string(content, "subject");
	handed->spent = member_bool(content, "spent", false);
	handed->client_id = member_string(content, "client_id");
	handed->created_at = member_int(content, "created_at", DT_NOBEGIN);
	handed->expires_at = member_int(content, "expires_at", DT_NOBEGIN);
	handed->content = member_json(content, "content");
}

char *
handed_over_seal(Issuer *issuer, const char *kind, const pg_uuid_t *request, HandedOver *handed)
{
	PgtcBuf sealed;
	PgtcBuf text;

	place_moved(request, handed->subject, &handed->id);
	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&text, &glue_mem);
	issuer_seal(issuer, purpose_of(&handed->id), pgtc_slice_str(kind),
				pgtc_slice_str(write_content(handed)), &sealed);
	glue_check(
		pgtc_sealed_request_write(handed->id.data, pgtc_slice(sealed.data, sealed.len), &text),
		"handing a request over");
	pgtc_buf_free(&sealed);
	return text.data;
}

/* false: it is not by this issuer, or has been changed */
static bool
unseal(Issuer *issuer, const char *kind, const char *text, HandedOver *handed)
{
	PgtcBuf sealed;
	PgtcBuf plain;
	PgtcCode code;

	pgtc_buf_init(&sealed, &glue_mem);
	pgtc_buf_init(&plain, &glue_mem);
	code = pgtc_sealed_request_read(pgtc_slice_str(text), handed->id.data, &sealed);
	if (code == PGTC_OK)
		code = issuer_seal_open(issuer, purpose_of(&handed->id), pgtc_slice_str(kind),
								pgtc_slice(sealed.data, sealed.len), &plain);
	if (code == PGTC_OK)
		read_content(object_of_buf(&plain), handed);
	pgtc_buf_free(&sealed);
	return code == PGTC_OK;
}

HandedOver *
handed_over_open(Issuer *issuer, const char *kind, const char *text, const char *subject)
{
	HandedOver *handed = palloc0(sizeof(HandedOver));

	if (!unseal(issuer, kind, text, handed))
		return NULL;
	shard_require_subject(handed->subject);
	if ((subject && strcmp(subject, handed->subject) != 0) ||
		GetCurrentTimestamp() >= handed->expires_at || handed_over_is_answered(&handed->id))
		return NULL;
	return handed;
}

static StoreQuery answered_insert_query =
	STORE_QUERY("answered request insert", STORE_WRITES,
				"INSERT INTO pgtoken.authorization_requests ({names}) VALUES ({values}) "
				"ON CONFLICT ON CONSTRAINT authorization_requests_pkey DO NOTHING");

bool
handed_over_answer(const char *issuer, const HandedOver *handed)
{
	StoreArgs args = {0};
	uint8_t hash[PGTC_SHA256_LEN];

	if (!handed->spent)
		return false;
	/* there is no handle that it could be of */
	glue_check(pgtc_crypto_sha256(handed->id.data, sizeof(handed->id.data), hash), "hashing an id");
	store_arg_uuid(store_named(&args, "grant_id"), &handed->id);
	store_arg_text(store_named(&args, "kind"), REQUEST_ANSWERED);
	store_arg_bytes(store_named(&args, "handle_hash"), hash, sizeof(hash));
	store_arg_text(store_named(&args, "issuer"), issuer);
	store_arg_text(store_named(&args, "client_id"), handed->client_id);
	store_arg_jsonb(store_named(&args, "parameters"), object_empty());
	store_arg_time(store_named(&args, "created_at"), GetCurrentTimestamp());
	store_arg_time(store_named(&args, "expires_at"), handed->expires_at);
	return store_run(&answered_insert_query, &args, NULL, NULL) == 1;
}

static StoreQuery answered_find_query =
	STORE_QUERY("answered request find", STORE_READS,
				"SELECT 0 FROM pgtoken.authorization_requests r WHERE r.grant_id" EQ
				"$1 AND r.kind" EQ "'" REQUEST_ANSWERED "'");

bool
handed_over_is_answered(const pg_uuid_t *id)
{
	StoreArgs args = {0};

	store_arg_uuid(&args, id);
	return store_run(&answered_find_query, &args, NULL, NULL) > 0;
}
