/*
 * request_object.c
 *		Requests that come as a JWT which the client has signed.
 *
 * From here on nobody needs to know how the parameters came.
 */
#include "http/request_object.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/moment.h"
#include "base/refused.h"
#include "base/strings.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/base/form.h"
#include "core/base/slice.h"
#include "core/jose/alg.h"
#include "core/jose/claims.h"
#include "core/jose/jws.h"
#include "core/oauth/request_jwt.h"
#include "core/oauth/scope.h"
#include "http/client_assertion.h"
#include "http/client_keys.h"
#include "tables/document.h"

#define NEWER 10 /* seconds; nobody has an object fetched more often than once in that time */

/* one object, as far as it has been read */
typedef struct RequestObject
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcBuf payload;
	PgtcClaims *claims;
	HttpField *fields;
	int n_fields;
} RequestObject;

static HttpField *
copy_fields(const PgtcForm *form)
{
	HttpField *fields = palloc(sizeof(HttpField) * Max(form->n, 1));

	for (int i = 0; i < form->n; i++)
		fields[i] = (HttpField){pnstrdup(form->field[i].name.data, form->field[i].name.len),
								pnstrdup(form->field[i].value.data, form->field[i].value.len)};
	return fields;
}

/* what the payload asks for, whoever has signed it */
static PgtErr
read_payload(PgtcSlice text, RequestObject *object)
{
	PgtcForm *form = palloc(sizeof(PgtcForm));
	PgtcSlice payload;
	PgtcCode code;

	if (pgtc_jws_split(text, &object->jws) != PGTC_OK ||
		pgtc_buf_decode_b64url(&object->payload, object->jws.payload) != PGTC_OK)
		return refused(PGT_ERR_REQUEST_OBJECT, "request", NULL, "a signed JWT");
	payload = pgtc_slice(object->payload.data, object->payload.len);
	code = pgtc_request_jwt_fields(payload, &glue_mem, form);
	if (code != PGTC_OK)
		return refused(PGT_ERR_REQUEST_OBJECT, code == PGTC_E_CLAIM ? "request_uri" : "request",
					   NULL,
					   code == PGTC_E_CLAIM ? "neither request nor request_uri within"
											: "members that are parameters, each once");
	object->fields = copy_fields(form);
	object->n_fields = form->n;
	pgtc_form_free(form);
	object->claims = glue_claims_read(payload, &code);
	return code == PGTC_OK ? PGT_OK
						   : refused(PGT_ERR_REQUEST_OBJECT, "request", NULL,
									 "registered claims of their types");
}

static PgtErr
check_signature(const Issuer *issuer, const Client *client, RequestObject *object)
{
	const PgtcJwsHeader *header = &object->header;
	bool verified = false;
	PgtErr err = PGT_OK;

	if (pgtc_jws_read_header(&object->jws, &glue_mem, &object->header) != PGTC_OK)
		return refused(PGT_ERR_REQUEST_OBJECT_SIGNATURE, "alg", NULL,
					   "an algorithm that is known here, and no critical extension");
	if (!pgtc_request_jwt_typ_valid(header->typ))
		return refused(PGT_ERR_REQUEST_OBJECT, "typ", header->typ,
					   "none, JWT or " PGTC_REQUEST_JWT_TYP);
	if (client->request_object_alg && header->alg != client->request_object_alg)
		return refused(PGT_ERR_REQUEST_OBJECT_SIGNATURE, "request_object_signing_alg",
					   header->alg->name, client->request_object_alg->name);
	if (!client_alg_allowed(client, header->alg))
		return refused(PGT_ERR_REQUEST_OBJECT_SIGNATURE, "alg", header->alg->name,
					   client_algs_allowed(client));
	/* an HMAC under a public key is none, and of secrets there are but hashes */
	if (header->alg->kty != PGTC_KTY_OCT)
		err = client_keys_verify(issuer, client, &object->jws, header, &verified);
	if (err == PGT_ERR_WAIT || verified)
		return err;
	return refused(PGT_ERR_REQUEST_OBJECT_SIGNATURE, "signature",
				   psprintf("alg %s, kid %s", header->alg->name, header->kid),
				   err == PGT_OK ? "a key of the client"
								 : "the client has no keys, or they cannot be had");
}

static PgtErr
refused_slice(PgtErr err, const char *name, PgtcSlice received, const char *expected)
{
	return refused(err, name, received.data ? pnstrdup(received.data, received.len) : NULL,
				   expected);
}

/* FAPI 2.0 Message Signing section 5.3.1: an object that needs not be there is no weaker where it is */
static bool
must_sign(const Client *client)
{
	return client->require_signed_requests || client->profile >= PROFILE_FAPI2;
}

static PgtErr
check_claims(const HttpExchange *x, const Client *client, const PgtcClaims *claims)
{
	int64 now = moment_unix(GetCurrentTimestamp());
	PgtcCode code =
		pgtc_request_jwt_check(claims, pgtc_slice_str(client->client_id),
							   pgtc_slice_str(x->issuer->issuer), now, must_sign(client));

	switch (code)
	{
		case PGTC_OK:
			return PGT_OK;
		case PGTC_E_ISSUER:
			return refused_slice(PGT_ERR_REQUEST_OBJECT, "iss", claims->iss, client->client_id);
		case PGTC_E_AUDIENCE:
			return refused(PGT_ERR_REQUEST_OBJECT_AUDIENCE, "aud", NULL, x->issuer->issuer);
		case PGTC_E_EXPIRED:
		case PGTC_E_NOT_YET:
			return refused(
				PGT_ERR_REQUEST_OBJECT_TIME, code == PGTC_E_EXPIRED ? "exp" : "nbf",
				psprintf("nbf " INT64_FORMAT ", exp " INT64_FORMAT, claims->nbf, claims->exp),
				psprintf("this server's time is " INT64_FORMAT ", an object speaks of %d s", now,
						 PGTC_REQUEST_JWT_LIFETIME));
		default:
			return refused_slice(
				PGT_ERR_REQUEST_OBJECT, "client_id", claims->client_id,
				psprintf("%s, no sub of that name, and of who must sign nbf and exp as well",
						 client->client_id));
	}
}

/* OpenID Connect Core section 6.1: what shows that OAuth's rules alone do not count */
static bool
fills_in(const HttpExchange *x)
{
	char *scope = http_param(x, "scope");
	PgtcScope list;

	return http_param(x, "response_type") && scope &&
		   pgtc_scope_parse(pgtc_slice_str(scope), &list) == PGTC_OK &&
		   pgtc_scope_has_str(&list, "openid");
}

/* both name the APIs (http_resources): those beside the object would be added to its own */
static const char *
parameter_kind(const char *name)
{
	return strcmp(name, "audience") == 0 ? "resource" : name;
}

static bool
object_has(const RequestObject *object, const char *name)
{
	for (int i = 0; i < object->n_fields; i++)
	{
		if (strcmp(parameter_kind(object->fields[i].name), parameter_kind(name)) == 0)
			return true;
	}
	return false;
}

/* the request from here on */
static void
take_fields(HttpExchange *x, const RequestObject *object, bool alone)
{
	HttpField *fields = palloc(sizeof(HttpField) * (object->n_fields + x->n_fields + 1));
	int n = 0;

	/* of an object without members there is no array either */
	for (; n < object->n_fields; n++)
		fields[n] = object->fields[n];
	for (int i = 0; i < x->n_fields; i++)
	{
		const char *name = x->fields[i].name;

		if (strcmp(name, "request") == 0 || strcmp(name, "request_uri") == 0 ||
			object_has(object, name))
			continue;
		if (!alone || strcmp(name, "client_id") == 0)
			fields[n++] = x->fields[i];
	}
	x->fields = fields;
	x->n_fields = n;
}

static PgtErr
check_same(const char *name, const char *within, const char *beside)
{
	return within && beside && strcmp(within, beside) != 0
			   ? refused(PGT_ERR_REQUEST_OBJECT, name, within, beside)
			   : PGT_OK;
}

/* *object: as far as it can be read */
static PgtErr
judge(const HttpExchange *x, const Client *client, PgtcSlice text, RequestObject *object)
{
	PgtErr err;

	memset(object, 0, sizeof(*object));
	pgtc_buf_init(&object->payload, &glue_mem);
	err = read_payload(text, object);
	if (err == PGT_OK)
		err = check_signature(x->issuer, client, object);
	if (err == PGT_OK)
		err = check_claims(x, client, object->claims);
	return err;
}

/* OpenID Connect Core section 6.2: the hash of what is there, so that another text has another URL */
static bool
is_text_of(const char *fragment, const char *text)
{
	uint8_t hash[PGTC_SHA256_LEN];
	PgtcBuf encoded;
	bool same;

	if (fragment == NULL)
		return true;
	glue_check(pgtc_crypto_sha256(text, strlen(text), hash), "hashing a request object");
	pgtc_buf_init(&encoded, &glue_mem);
	pgtc_buf_append_b64url(&encoded, hash, sizeof(hash));
	glue_check(pgtc_buf_code(&encoded), "encoding a hash");
	same = pgtc_slice_equal(pgtc_slice(encoded.data, encoded.len), pgtc_slice_str(fragment));
	pgtc_buf_free(&encoded);
	return same;
}

/*
 * What the courier has fetched from a registered place.  The text that is judged is the one
 * whose members are taken; what is there later is another request's.  One that was kept and
 * is not good, or is not what the fragment says, may have been changed since: such a client
 * has a newer one, if that was not fetched a moment ago.
 */
static PgtErr
judge_by_reference(const HttpExchange *x, const Client *client, const char *request_uri,
				   RequestObject *object)
{
	TimestampTz newer = GetCurrentTimestamp() - NEWER * USECS_PER_SEC;
	TimestampTz at_least = DT_NOBEGIN;
	const char *fragment = strchr(request_uri, '#');
	char *url =
		pnstrdup(request_uri, fragment ? fragment - request_uri : (long) strlen(request_uri));
	PgtErr err = PGT_OK;

	if (!strings_have(client->request_uris, client->n_request_uris, request_uri))
		return refused_of(PGT_ERR_REQUEST_URI_FOREIGN, "request_uri", request_uri,
						  client->request_uris, client->n_request_uris);
	for (;;)
	{
		TimestampTz fetched_at;
		char *text;

		switch (document_get(x->issuer, DOCUMENT_REQUEST_OBJECT, url, at_least, &text, &fetched_at))
		{
			case DOCUMENT_WANTED:
				return PGT_ERR_WAIT;
			case DOCUMENT_MISSING:
				return err != PGT_OK ? err
									 : refused(PGT_ERR_REQUEST_URI_MISSING, "request_uri",
											   request_uri, "what the courier can fetch");
			case DOCUMENT_HERE:
				break;
		}
		err = judge(x, client, pgtc_slice_trim(pgtc_slice_str(text), " \t\r\n"), object);
		if (err == PGT_ERR_WAIT || fetched_at >= newer ||
			(err == PGT_OK && is_text_of(fragment ? fragment + 1 : NULL, text)))
			return err;
		at_least = newer;
	}
}

PgtErr
request_object_read(HttpExchange *x, const Client *client, bool alone)
{
	RequestObject object = {0};
	char *text = http_param(x, "request");
	char *request_uri = http_param(x, "request_uri");
	char *response_type = http_param(x, "response_type");
	PgtErr err;

	if (text && request_uri)
		return refused(PGT_ERR_REQUEST_PARAMETER, "request", NULL, "not beside request_uri");
	if (text)
		err = judge(x, client, pgtc_slice_str(text), &object);
	else if (request_uri)
		err = judge_by_reference(x, client, request_uri, &object);
	else
		return client->require_signed_requests ? PGT_ERR_REQUEST_NOT_SIGNED : PGT_OK;
	/* of a refused one all that tells where the error goes */
	take_fields(x, &object,
				err == PGT_OK && (alone || client->require_signed_requests || !fills_in(x) ||
								  strcmp(object.header.typ, PGTC_REQUEST_JWT_TYP) == 0));
	if (err == PGT_OK)
		err = check_same("response_type", http_param(x, "response_type"), response_type);
	return err;
}

PgtErr
request_object_await_keys(const HttpExchange *x)
{
	RequestObject object = {0};
	char *text = http_param(x, "request");
	char *assertion = http_param(x, "client_assertion");
	char *client_id = text && assertion ? client_assertion_subject(assertion) : NULL;
	const Client *client = client_id ? client_find(client_id) : NULL;

	if (client == NULL || client->jwks_uri == NULL ||
		strcmp(client->issuer, x->issuer->issuer) != 0)
		return PGT_OK;
	pgtc_buf_init(&object.payload, &glue_mem);
	return read_payload(pgtc_slice_str(text), &object) == PGT_OK &&
				   check_signature(x->issuer, client, &object) == PGT_ERR_WAIT
			   ? PGT_ERR_WAIT
			   : PGT_OK;
}
