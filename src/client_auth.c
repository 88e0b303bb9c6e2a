/*
 * client_auth.c
 *		Client authentication at an HTTP endpoint.
 *
 * What the request presents is collected first: more than one method is an error
 * of its own (RFC 6749 section 2.3).  Then the client says by which method it
 * must prove itself, and no other counts.
 */
#include "client_auth.h"

#include "utils/timestamp.h"

#include "audit.h"
#include "client_assertion.h"
#include "core/certificate.h"
#include "core/form.h"
#include "glue.h"
#include "guc.h"
#include "http_context.h"

typedef struct Presented
{
	char *client_id;
	char *secret; /* of Basic or of the form */
	char *assertion;
	ClientAuthMethod method; /* AUTH_NONE: nothing but a client_id */
} Presented;

static char *
string_of_buf(PgtcBuf *buf)
{
	char *string = pnstrdup(buf->data ? buf->data : "", buf->len);

	pgtc_buf_free(buf);
	return string;
}

static PgtErr
read_basic(const char *credentials, Presented *out)
{
	PgtcBuf id;
	PgtcBuf secret;

	pgtc_buf_init(&id, &pgt_mem);
	pgtc_buf_init(&secret, &pgt_mem);
	if (pgtc_basic_read(pgtc_slice_str(credentials), &id, &secret) != PGTC_OK)
		return PGT_ERR_CLIENT_SECRET_WRONG;
	out->client_id = string_of_buf(&id);
	out->secret = string_of_buf(&secret);
	out->method = AUTH_SECRET_BASIC;
	return PGT_OK;
}

static PgtErr
collect(const HttpExchange *x, Presented *out)
{
	char *basic = http_credentials(x, "Basic");
	char *client_id = http_param(x, "client_id");
	char *secret = http_param(x, "client_secret");
	char *assertion = http_param(x, "client_assertion");
	char *type = http_param(x, "client_assertion_type");
	PgtErr err = PGT_OK;

	if ((basic != NULL) + (secret != NULL) + (assertion != NULL || type != NULL) > 1)
		return PGT_ERR_REQUEST_TWO_METHODS;
	out->client_id = client_id;
	if (basic)
		err = read_basic(basic, out);
	else if (secret)
	{
		out->secret = secret;
		out->method = AUTH_SECRET_POST;
	}
	else if (assertion || type)
	{
		if (assertion == NULL || type == NULL || strcmp(type, CLIENT_ASSERTION_TYPE) != 0)
			return PGT_ERR_REQUEST_PARAMETER;
		out->assertion = assertion;
		out->client_id = client_assertion_subject(assertion);
		out->method = AUTH_PRIVATE_KEY_JWT;
	}
	if (err != PGT_OK)
		return err;
	if (out->client_id == NULL)
		return out->method == AUTH_NONE ? PGT_ERR_CLIENT_MISSING : PGT_ERR_CLIENT_ASSERTION;
	/* RFC 7521 section 4.2: a client_id beside it must be the same */
	if (client_id && strcmp(client_id, out->client_id) != 0)
		return PGT_ERR_REQUEST_PARAMETER;
	return PGT_OK;
}

PgtErr
client_certificate(const HttpExchange *x, char **thumbprint, char **subject_dn)
{
	char *header;
	PgtcBuf dn;

	*thumbprint = NULL;
	*subject_dn = NULL;
	if (!x->trusted || pgt_http_client_certificate_header[0] == '\0')
		return PGT_OK;
	header = http_header_of_setting(x, pgt_http_client_certificate_header);
	if (header == NULL || header[0] == '\0')
		return PGT_OK;
	pgtc_buf_init(&dn, &pgt_mem);
	*thumbprint = palloc(PGTC_THUMBPRINT_LEN + 1);
	if (pgtc_certificate_read(pgtc_slice_str(header), &pgt_mem, *thumbprint, &dn) != PGTC_OK)
	{
		*thumbprint = NULL;
		return PGT_ERR_CLIENT_CERTIFICATE;
	}
	*subject_dn = string_of_buf(&dn);
	return PGT_OK;
}

static PgtErr
check_certificate(const HttpExchange *x, const Client *client)
{
	char *thumbprint;
	char *subject_dn;
	PgtErr err = client_certificate(x, &thumbprint, &subject_dn);

	if (err != PGT_OK)
		return err;
	return subject_dn && client->tls_subject_dn && strcmp(subject_dn, client->tls_subject_dn) == 0
			   ? PGT_OK
			   : PGT_ERR_CLIENT_CERTIFICATE;
}

static PgtErr
check(const HttpExchange *x, const Presented *presented, const Client *client)
{
	bool by_assertion =
		client->auth_method == AUTH_PRIVATE_KEY_JWT || client->auth_method == AUTH_SECRET_JWT;

	if (!client->enabled)
		return PGT_ERR_CLIENT_DISABLED;
	/* nothing but a client_id is what a certificate comes with, and a client that cannot keep a secret */
	if (presented->method == AUTH_NONE && client->confidential && client->auth_method != AUTH_TLS)
		return PGT_ERR_CLIENT_SECRET_MISSING;
	if (presented->method == AUTH_PRIVATE_KEY_JWT
			? !by_assertion
			: presented->method != AUTH_NONE && presented->method != client->auth_method)
		return PGT_ERR_CLIENT_METHOD;
	if (client->auth_method == AUTH_TLS)
		return check_certificate(x, client);
	if (by_assertion)
		return client_assertion_check(x, client, presented->assertion);
	return client_authenticate(client, presented->secret);
}

PgtErr
client_auth(HttpExchange *x, const Client **client)
{
	Presented presented = {0};
	const Client *found = NULL;
	PgtErr err = collect(x, &presented);

	if (err == PGT_OK)
	{
		found = client_find(presented.client_id);
		/* an issuer knows its own clients only */
		if (found == NULL || strcmp(found->issuer, x->issuer->issuer) != 0)
			err = PGT_ERR_CLIENT_UNKNOWN;
		else
			err = check(x, &presented, found);
	}
	/* what names no client of ours could be sent by anybody, in any number */
	if (err != PGT_OK && found && pgt_err_info(err)->audited)
		pgt_audit_write(&(AuditEvent){.event = "client.authentication_failed",
									  .reason = pgt_err_info(err)->reason,
									  .client_id = found->client_id,
									  .context = http_context(x)});
	*client = err == PGT_OK ? found : NULL;
	return err;
}
