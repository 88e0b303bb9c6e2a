/*
 * certificate.c
 *		A client certificate as a proxy passes it on in a header.
 *
 * The certificate is named by its bytes and by its subject; nothing in it is
 * believed here.  No passphrase can be asked for: PEM is only taken apart, and
 * what says that it is encrypted is refused.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/jose/certificate.h"
#include "core/base/base64.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"
#include "core/jose/dn.h"

/* percent-encoding as of a URI, not of a form: "+" is a character of base64 */
static PgtcCode
unescape(PgtcSlice value, PgtcBuf *out)
{
	char *at = pgtc_buf_extend(out, value.len);
	size_t len = 0;
	size_t i;

	if (at == NULL)
		return PGTC_E_NOMEM;
	for (i = 0; i < value.len; i++)
	{
		char c = value.data[i];

		if (c == '%')
		{
			int byte = value.len - i > 2 ? pgtc_bytes_hex(value.data + i + 1) : -1;

			if (byte < 0)
				return PGTC_E_MALFORMED;
			c = (char) byte;
			i += 2;
		}
		/* OpenSSL takes control characters at the end of a line for white space */
		if (c > '~' || (c < ' ' && memchr("\t\r\n", c, 3) == NULL))
			return PGTC_E_MALFORMED;
		at[len++] = c;
	}
	pgtc_buf_truncate(out, len);
	return PGTC_OK;
}

static bool
only_white_space(BIO *bio)
{
	char c;

	while (BIO_read(bio, &c, 1) == 1)
	{
		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return false;
	}
	return true;
}

/*
 *		pem = "-----BEGIN CERTIFICATE-----" base64 "-----END CERTIFICATE-----" *WSP
 *
 * RFC 7468 section 5: no text in front, no headers, nothing and no second
 * certificate behind.
 */
static PgtcCode
pem_to_der(PgtcSlice pem, PgtcBuf *der)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	PgtcCode code = PGTC_E_MALFORMED;
	unsigned char *data = NULL;
	char *name = NULL;
	char *header = NULL;
	long len = 0;
	BIO *bio;

	if (pem.len < sizeof(begin) || memcmp(pem.data, begin, sizeof(begin) - 1) != 0)
		return PGTC_E_MALFORMED;
	bio = BIO_new_mem_buf(pem.data, (int) pem.len);
	if (bio == NULL)
		return PGTC_E_NOMEM;
	if (PEM_read_bio(bio, &name, &header, &data, &len) == 1 && len > 0 && header[0] == '\0' &&
		only_white_space(bio))
	{
		pgtc_buf_append(der, data, (size_t) len);
		code = pgtc_buf_code(der);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	return code;
}

static PgtcCode
read_pem(PgtcSlice value, PgtcBuf *der)
{
	PgtcBuf pem;
	PgtcCode code;

	pgtc_buf_init(&pem, der->mem);
	code = unescape(value, &pem);
	if (code == PGTC_OK)
		code = pem_to_der(pgtc_slice(pem.data, pem.len), der);
	pgtc_buf_free(&pem);
	return code;
}

/* RFC 4514, in which RFC 2253 lives on; what is not ASCII is escaped */
static PgtcCode
print_name(const X509_NAME *name, unsigned long flags, PgtcBuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PgtcCode code = PGTC_E_MALFORMED;
	char *text = NULL;
	long len;

	if (bio == NULL)
		return PGTC_E_NOMEM;
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0)
	{
		len = BIO_get_mem_data(bio, &text);
		pgtc_buf_append(out, text, len > 0 ? (size_t) len : 0);
		code = pgtc_buf_code(out);
	}
	BIO_free(bio);
	return code;
}

/* by OIDs, since a short name can be that of two types in different case */
static PgtcCode
normalise_name(const X509_NAME *name, PgtcBuf *out)
{
	PgtcBuf text;
	PgtcCode code;

	pgtc_buf_init(&text, out->mem);
	code = print_name(name, (XN_FLAG_RFC2253 & ~XN_FLAG_FN_MASK) | XN_FLAG_FN_OID, &text);
	if (code == PGTC_OK)
		code = pgtc_dn_normalise(pgtc_slice(text.data, text.len), out->mem, out);
	pgtc_buf_free(&text);
	/* without a subject, or with one beyond all measure, there is nothing to compare */
	return code == PGTC_E_NOMEM ? code : PGTC_OK;
}

static PgtcCode
read_subject(PgtcSlice der, PgtcBuf *subject_dn, PgtcBuf *subject)
{
	const unsigned char *at = (const unsigned char *) der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long) der.len);
	PgtcCode code = PGTC_E_MALFORMED;

	if (certificate != NULL && at == (const unsigned char *) der.data + der.len)
	{
		code = PGTC_OK;
		if (subject_dn)
			code = print_name(X509_get_subject_name(certificate), XN_FLAG_RFC2253, subject_dn);
		if (code == PGTC_OK && subject)
			code = normalise_name(X509_get_subject_name(certificate), subject);
	}
	X509_free(certificate);
	return code;
}

PgtcCode
pgtc_certificate_der(PgtcSlice value, PgtcBuf *der)
{
	if (value.len > PGTC_CERTIFICATE_MAX)
		return PGTC_E_TOO_LONG;
	if (value.len == 0)
		return PGTC_E_MALFORMED;
	ERR_clear_error();
	/* RFC 9440 section 2.1, RFC 8941 section 3.3.5: a Byte Sequence stands between colons */
	if (value.data[0] != ':')
		return read_pem(value, der);
	if (value.len > 2 && value.data[value.len - 1] == ':')
		return pgtc_base64_decode(pgtc_slice(value.data + 1, value.len - 2), der);
	return PGTC_E_MALFORMED;
}

PgtcCode
pgtc_certificate_read(PgtcSlice value, const PgtcMem *mem, char thumbprint[43 + 1],
					  PgtcBuf *subject_dn, PgtcBuf *subject)
{
	size_t start = subject_dn ? subject_dn->len : 0;
	size_t subject_start = subject ? subject->len : 0;
	PgtcBuf der;
	PgtcCode code;

	thumbprint[0] = '\0';
	pgtc_buf_init(&der, mem);
	code = pgtc_certificate_der(value, &der);
	if (code == PGTC_OK)
		code = read_subject(pgtc_slice(der.data, der.len), subject_dn, subject);
	if (code == PGTC_OK)
		code = pgtc_crypto_digest_text(der.data, der.len, thumbprint);
	if (code != PGTC_OK && subject_dn)
		pgtc_buf_truncate(subject_dn, start);
	if (code != PGTC_OK && subject)
		pgtc_buf_truncate(subject, subject_start);
	pgtc_buf_free(&der);
	ERR_clear_error();
	return code;
}
