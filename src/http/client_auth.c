/*
 * client_auth.c
 *		Client authentication at an HTTP endpoint.
 *
 * What the request presents is collected first: more than one method is an error
 * of its own (RFC 6749 section 2.3).  Then the client says by which method it
 * must prove itself, and no other counts: a secret by Basic or in the form, unless
 * its metadata names one of them.
 */
#include "http/client_auth.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/guc.h"
#include "base/member.h"
#include "base/object.h"
#include "base/place.h"
#include "base/refused.h"
#include "base/shard.h"
#include "base/strings.h"
#include "core/base/basic.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/slice.h"
#include "core/jose/certificate.h"
#include "core/jose/certificate_san.h"
#include "core/jose/dn.h"
#include "core/jose/jwk.h"
#include "http/client_assertion.h"
#include "http/client_keys.h"
#include "http/client_document.h"
#include "http/hop.h"
#include "http/http_context.h"
#include "tables/audit.h"
#include "tables/client_secret.h"

typedef struct Presented
{
	char *client_id;
	char *secret; /* of Basic or of the form, not empty */
	char *assertion;
	ClientAuthMethod method; /* AUTH_NONE: nothing but a client_id */
	bool by_secret; /* of an assertion: it says so */
} Presented;

static char *
string_of_buf(PgtcBuf *buf)
{
	char *string = pnstrdup(buf->data ? buf->data : "", buf->len);

	pgtc_buf_free(buf);
	return string;
}

/* an empty secret may be left out (RFC 6749 section 2.3.1): with it the client has said its name */
static PgtErr
read_basic(const char *credentials, Presented *out)
{
	PgtcBuf id;
	PgtcBuf secret;

	pgtc_buf_init(&id, &glue_mem);
	pgtc_buf_init(&secret, &glue_mem);
	if (pgtc_basic_read(pgtc_slice_str(credentials), &id, &secret) != PGTC_OK)
		return refused(PGT_ERR_CLIENT_SECRET_WRONG, "Authorization", "Basic that cannot be read",
					   "base64 of client_id \":\" client_secret, each of them form-encoded");
	if (secret.len > 0)
	{
		out->method = AUTH_SECRET_BASIC;
		out->secret = string_of_buf(&secret);
	}
	else
		pgtc_buf_free(&secret);
	out->client_id = string_of_buf(&id);
	return PGT_OK;
}

static PgtErr
read_assertion(const char *assertion, const char *type, Presented *out)
{
	if (assertion == NULL)
		return refused(PGT_ERR_REQUEST_PARAMETER, "client_assertion", NULL, NULL);
	if (type == NULL || strcmp(type, CLIENT_ASSERTION_TYPE) != 0)
		return refused(PGT_ERR_REQUEST_PARAMETER, "client_assertion_type", type,
					   CLIENT_ASSERTION_TYPE);
	out->assertion = unconstify(char *, assertion);
	out->client_id = client_assertion_subject(assertion);
	out->method = AUTH_PRIVATE_KEY_JWT;
	out->by_secret = client_assertion_by_secret(assertion);
	return out->client_id ? PGT_OK
						  : refused(PGT_ERR_CLIENT_ASSERTION, "client_assertion", NULL,
									"a JWT with sub, the client_id");
}

/* RFC 7521 section 4.2: whoever else is named beside it must be the same */
static bool
is_other_name(const char *client_id, const Presented *presented)
{
	return client_id && strcmp(client_id, presented->client_id) != 0;
}

static PgtErr
collect(const HttpExchange *x, Presented *out)
{
	char *basic = http_credentials(x, "Basic");
	char *client_id = http_param(x, "client_id");
	char *secret = http_param(x, "client_secret");
	char *assertion = http_param(x, "client_assertion");
	char *type = http_param(x, "client_assertion_type");
	char *basic_id;
	PgtErr err = basic ? read_basic(basic, out) : PGT_OK;
	int methods = (err != PGT_OK || out->secret) + (secret != NULL) + (assertion || type);

	if (methods > 1)
		return PGT_ERR_REQUEST_TWO_METHODS;
	if (err != PGT_OK)
		return err;
	basic_id = out->client_id;
	if (basic_id == NULL)
		out->client_id = client_id;
	if (secret)
	{
		out->secret = secret;
		out->method = AUTH_SECRET_POST;
	}
	else if (assertion || type)
		err = read_assertion(assertion, type, out);
	if (err != PGT_OK)
		return err;
	if (out->client_id == NULL)
		return PGT_ERR_CLIENT_MISSING;
	if (is_other_name(client_id, out) || is_other_name(basic_id, out))
		return refused(PGT_ERR_REQUEST_PARAMETER, "client_id",
					   is_other_name(client_id, out) ? client_id : basic_id, out->client_id);
	return PGT_OK;
}

char *
client_auth_name(const HttpExchange *x)
{
	Presented presented = {.method = AUTH_NONE};

	return collect(x, &presented) == PGT_OK ? presented.client_id : NULL;
}

bool
client_auth_presented(const HttpExchange *x)
{
	return http_credentials(x, "Basic") || http_param(x, "client_id") ||
		   http_param(x, "client_secret") || http_param(x, "client_assertion") ||
		   http_param(x, "client_assertion_type");
}

/* as the layer or its proxy hands it over; NULL: none */
static char *
presented_certificate(const HttpExchange *x)
{
	if (x->request->peer.proxied && guc_http_client_certificate_header[0] != '\0')
		return http_header_of_setting(x, guc_http_client_certificate_header);
	return x->request->peer.certificate;
}

/* *subject_dn: to be shown. *subject: to be compared (core/jose/dn.h). NULL: neither is asked for */
static PgtErr
read_certificate(const HttpExchange *x, char **thumbprint, PgtcBuf *subject_dn, PgtcBuf *subject)
{
	char *header = presented_certificate(x);

	*thumbprint = NULL;
	if (header == NULL || header[0] == '\0')
		return PGT_OK;
	*thumbprint = palloc(PGTC_THUMBPRINT_LEN + 1);
	if (pgtc_certificate_read(pgtc_slice_str(header), &glue_mem, *thumbprint, subject_dn,
							  subject) == PGTC_OK)
		return PGT_OK;
	*thumbprint = NULL;
	return PGT_ERR_CLIENT_CERTIFICATE;
}

PgtErr
client_auth_certificate(const HttpExchange *x, char **thumbprint)
{
	return read_certificate(x, thumbprint, NULL, NULL);
}

/* RFC 8705 section 2.1.2: the name, however either of the two writes it */
static bool
is_name_of(const HttpExchange *x, const Client *client, const PgtcBuf *subject)
{
	char *certificate = presented_certificate(x);
	PgtcBuf expected;
	bool same;

	if (client->tls_san)
		return certificate &&
			   pgtc_certificate_san_match(pgtc_slice_str(certificate), &glue_mem,
										  client->tls_san_kind, pgtc_slice_str(client->tls_san),
										  &same) == PGTC_OK &&
			   same;
	pgtc_buf_init(&expected, &glue_mem);
	same = subject->len > 0 && client->tls_subject_dn &&
		   pgtc_dn_normalise(pgtc_slice_str(client->tls_subject_dn), &glue_mem, &expected) ==
			   PGTC_OK &&
		   pgtc_slice_equal(pgtc_slice(subject->data, subject->len),
							pgtc_slice(expected.data, expected.len));
	pgtc_buf_free(&expected);
	return same;
}

/*
 * A name is worth what whoever has signed it is worth, so that only a certificate which
 * the proxy has verified counts by its name; one that is registered itself needs nobody.
 */
static PgtErr
check_certificate(const HttpExchange *x, Presented *presented, const Client *client)
{
	char *thumbprint;
	PgtcBuf subject_dn;
	PgtcBuf subject;
	bool registered = false;
	bool by_name;
	PgtErr err;

	pgtc_buf_init(&subject_dn, &glue_mem);
	pgtc_buf_init(&subject, &glue_mem);
	err = read_certificate(x, &thumbprint, &subject_dn, &subject);
	by_name = err == PGT_OK && thumbprint && client_takes(client, AUTH_TLS) &&
			  guc_http_client_certificates_verified && is_name_of(x, client, &subject);
	if (err == PGT_OK && thumbprint && !by_name && client_takes(client, AUTH_SELF_SIGNED_TLS))
		err = client_keys_has_certificate(x->issuer, client, thumbprint, &registered);
	if (by_name || registered)
		presented->method = by_name ? AUTH_TLS : AUTH_SELF_SIGNED_TLS;
	else if (err == PGT_OK)
		err = refused(PGT_ERR_CLIENT_CERTIFICATE, "certificate",
					  thumbprint ? string_of_buf(&subject_dn) : NULL,
					  client->tls_san		   ? client->tls_san
					  : client->tls_subject_dn ? client->tls_subject_dn
											   : "a certificate of the client's keys");
	pgtc_buf_free(&subject_dn);
	pgtc_buf_free(&subject);
	return err;
}

/* an assertion says only by its algorithm how it was made: it is named as one */
static PgtErr
refused_auth_method(PgtErr err, const Presented *presented, const Client *client)
{
	return refused(err, "token_endpoint_auth_method",
				   presented->method == AUTH_PRIVATE_KEY_JWT
					   ? "client_assertion"
					   : client_auth_method_name(presented->method),
				   client_auth_method_names(client));
}

static bool
goes_by_assertion(const Client *client)
{
	return client_takes(client, AUTH_PRIVATE_KEY_JWT) || client_takes(client, AUTH_SECRET_JWT);
}

static bool
goes_by_certificate(const Client *client)
{
	return client_takes(client, AUTH_TLS) || client_takes(client, AUTH_SELF_SIGNED_TLS);
}

/* may the client prove itself by what was presented? */
static bool
is_registered(const Client *client, ClientAuthMethod presented)
{
	switch (presented)
	{
		case AUTH_PRIVATE_KEY_JWT:
			return goes_by_assertion(client);
		case AUTH_SECRET_BASIC:
		case AUTH_SECRET_POST:
			return client_takes(client, presented);
		default:
			/* nothing but a client_id is what a certificate comes with, and a client that cannot keep a secret */
			return !client->confidential || goes_by_certificate(client);
	}
}

#define VOUCHED "client"

/* what the next shard is told: that the assertion of this client is used up, and by which secret it was signed */
static Jsonb *
vouch_for(const Client *client)
{
	Object member;
	Object vouched;

	object_begin(&member);
	if (client->proved_secret)
		object_string(&member, "secret_id", strings_of_uuid(client->proved_secret));
	object_begin(&vouched);
	object_jsonb(&vouched, VOUCHED, object_end(&member));
	return object_end(&vouched);
}

/* the client's shard has taken its assertion; what it says so by is good once itself */
static PgtErr
take_vouched(HttpExchange *x, Client *client, Jsonb *vouched)
{
	char *secret_id = member_string(vouched, "secret_id");

	if (!hop_first_use(x))
		return PGT_ERR_CLIENT_ASSERTION_REPLAYED;
	if (secret_id)
		client_secret_proved(client, secret_id);
	return PGT_OK;
}

/* where the client's own tokens lie, so that it cannot be shown to each shard once */
static PgtErr
take_assertion(HttpExchange *x, Client *client, const char *assertion)
{
	bool sharded = shard_here().count > 0;
	Jsonb *vouched = sharded ? hop_carried_member(x, VOUCHED) : NULL;
	PgtErr err;

	if (vouched)
		return take_vouched(x, client, vouched);
	if (sharded && !shard_is_here(place_of_client(client->client_id)))
		return hop_aside(x, place_of_client(client->client_id), NULL);
	/* one that is not remembered could be shown again */
	if (XactReadOnly)
		return PGT_ERR_READ_ONLY;
	err = client_assertion_check(x, client, assertion);
	if (err == PGT_OK && sharded)
		x->vouched = vouch_for(client);
	return err;
}

static PgtErr
check(HttpExchange *x, Presented *presented, Client *client)
{
	if (!client->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	if (!is_registered(client, presented->method))
		return refused_auth_method(presented->method == AUTH_NONE ? PGT_ERR_CLIENT_SECRET_MISSING
																  : PGT_ERR_CLIENT_METHOD,
								   presented, client);
	if (presented->method == AUTH_NONE && client->confidential)
		return check_certificate(x, presented, client);
	if (presented->assertion)
		return take_assertion(x, client, presented->assertion);
	return client_authenticate(client, presented->secret);
}

/* in the words of RFC 7591: what comes as an assertion, or with nothing else, is what the client is registered for */
static const char *
name_of_method(const Presented *presented, const Client *client)
{
	ClientAuthMethod method = presented->method;

	if (method == AUTH_PRIVATE_KEY_JWT && client_takes(client, AUTH_SECRET_JWT) &&
		(presented->by_secret || !client_takes(client, AUTH_PRIVATE_KEY_JWT)))
		method = AUTH_SECRET_JWT;
	else if (method == AUTH_NONE && goes_by_certificate(client))
		method = client_takes(client, AUTH_TLS) ? AUTH_TLS : AUTH_SELF_SIGNED_TLS;
	return client_auth_method_name(method);
}

/* what names no client of ours could be sent by anybody, in any number */
static void
audit_failure(const HttpExchange *x, const Presented *presented, const Client *client, PgtErr err)
{
	Object detail;

	/* a standby: who reads its log may know what the audit of the primary says */
	if (XactReadOnly)
	{
		ereport(LOG_SERVER_ONLY,
				(errmsg("client authentication failed: %s", errors_info(err)->reason),
				 errdetail_log("Client \"%s\".", client->client_id)));
		return;
	}
	object_begin(&detail);
	object_string(&detail, "client_auth_method", name_of_method(presented, client));
	audit_refusal(err, &(AuditEvent){.event = "client.authentication_failed",
									 .client_id = client->client_id,
									 .context = http_context(x),
									 .detail = object_end(&detail)});
}

PgtErr
client_auth_midway(HttpExchange *x, const Client **client)
{
	Presented presented = {.method = AUTH_NONE};
	Client *found = NULL;
	const char *why = NULL;
	PgtErr err = collect(x, &presented);

	if (presented.client_id)
		x->client_id = presented.client_id;
	if (err == PGT_OK)
		err = client_document_find(x->issuer, presented.client_id, &found, &why);
	if (err == PGT_OK)
	{
		/* an issuer knows its own clients only */
		if (found == NULL || strcmp(found->issuer, x->issuer->issuer) != 0)
			err = refused(PGT_ERR_CLIENT_UNKNOWN, "client_id", presented.client_id,
						  found ? psprintf("a client of the issuer %s", found->issuer) : why);
		else
			err = check(x, &presented, found);
	}
	if (err != PGT_OK && err != PGT_ERR_ELSEWHERE && found)
		audit_failure(x, &presented, found, err);
	*client = err == PGT_OK ? found : NULL;
	if (err == PGT_OK)
		found->authenticated_by = name_of_method(&presented, found);
	return err;
}

PgtErr
client_auth(HttpExchange *x, const Client **client)
{
	PgtErr err = client_auth_midway(x, client);

	return err == PGT_OK && !hop_is_home(x) ? hop_home(x, NULL) : err;
}
