/*
 * envelope.c
 *		Content that is sealed to the certificates of who may read it.
 *
 * What openssl cms -encrypt -aes-256-gcm makes, with OAEP for RSA and SHA-256 in the key
 * derivation for curves, where OpenSSL's own choice is SHA-1.
 */
#include <limits.h>

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/jose/envelope.h"

#define SECURITY_BITS_MIN 112 /* RSA of 2048 bits */

/* nobody is there to be asked */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void) buf;
	(void) size;
	(void) writing;
	(void) arg;
	return -1;
}

static BIO *
bio_of(PgtcSlice bytes)
{
	return bytes.len > INT_MAX ? NULL : BIO_new_mem_buf(bytes.data, (int) bytes.len);
}

static PgtcCode
append_bio(BIO *bio, PgtcBuf *out)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);

	if (len > 0)
		pgtc_buf_append(out, data, (size_t) len);
	return pgtc_buf_code(out);
}

static bool
fingerprint(const X509 *certificate, char out[PGTC_FINGERPRINT_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 || len != PGTC_SHA256_LEN)
		return false;
	for (unsigned int i = 0; i < len; i++)
	{
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[PGTC_FINGERPRINT_LEN] = '\0';
	return true;
}

static bool
suits(const X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	return key != NULL &&
		   (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ||
			EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) &&
		   EVP_PKEY_get_security_bits(key) >= SECURITY_BITS_MIN;
}

static PgtcCode
add_recipient(CMS_ContentInfo *cms, X509 *certificate, PgtcEnvelopeRecipients *recipients)
{
	CMS_RecipientInfo *info;
	EVP_PKEY_CTX *ctx;
	bool set;

	if (!suits(certificate))
		return PGTC_E_KEY;
	if (recipients->n == PGTC_ENVELOPE_RECIPIENTS_MAX)
		return PGTC_E_TOO_LONG;
	if (!fingerprint(certificate, recipients->fingerprint[recipients->n++]))
		return PGTC_E_CRYPTO;
	info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
	ctx = info ? CMS_RecipientInfo_get0_pkey_ctx(info) : NULL;
	if (ctx == NULL)
		return PGTC_E_CRYPTO;
	if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS)
		set = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
			  EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0;
	else
		set = EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
	return set ? PGTC_OK : PGTC_E_CRYPTO;
}

static PgtcCode
add_recipients(CMS_ContentInfo *cms, PgtcSlice certificates, PgtcEnvelopeRecipients *recipients)
{
	PgtcCode code = PGTC_OK;
	BIO *bio = bio_of(certificates);
	X509 *certificate;

	if (bio == NULL)
		return PGTC_E_NOMEM;
	recipients->n = 0;
	while (code == PGTC_OK &&
		   (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
	{
		code = add_recipient(cms, certificate, recipients);
		X509_free(certificate);
	}
	/* the end is where no other begins; anything else is a certificate that could not be read */
	if (code == PGTC_OK &&
		(recipients->n == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		code = PGTC_E_MALFORMED;
	BIO_free(bio);
	return code;
}

static PgtcCode
seal(CMS_ContentInfo *cms, PgtcSlice content, PgtcBuf *der)
{
	BIO *in = bio_of(content);
	unsigned char *bytes = NULL;
	PgtcCode code = PGTC_E_CRYPTO;
	int len;

	if (in != NULL && CMS_set_detached(cms, 0) == 1 && CMS_final(cms, in, NULL, CMS_BINARY) == 1 &&
		(len = i2d_CMS_ContentInfo(cms, &bytes)) > 0)
	{
		pgtc_buf_append(der, bytes, (size_t) len);
		code = pgtc_buf_code(der);
	}
	OPENSSL_free(bytes);
	BIO_free(in);
	return code;
}

PgtcCode
pgtc_envelope_seal(PgtcSlice certificates, PgtcSlice content, PgtcEnvelopeRecipients *recipients,
				   PgtcBuf *der)
{
	CMS_ContentInfo *cms;
	PgtcCode code;

	if (content.len > PGTC_ENVELOPE_CONTENT_MAX)
		return PGTC_E_TOO_LONG;
	ERR_clear_error();
	cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	code = cms ? add_recipients(cms, certificates, recipients) : PGTC_E_CRYPTO;
	if (code == PGTC_OK)
		code = seal(cms, content, der);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return code;
}

static PgtcCode
open_by(PgtcSlice der, EVP_PKEY *key, PgtcBuf *content)
{
	const unsigned char *at = (const unsigned char *) der.data;
	CMS_ContentInfo *cms =
		der.len > LONG_MAX ? NULL : d2i_CMS_ContentInfo(NULL, &at, (long) der.len);
	BIO *out = BIO_new(BIO_s_mem());
	PgtcCode code = PGTC_E_MALFORMED;

	if (cms != NULL && out != NULL && at == (const unsigned char *) der.data + der.len &&
		OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData)
		/*
		 * DEBUG: the first recipient that the key is of will do, whatever stands behind him.
		 * Without it errors would be hidden from whoever can send many messages; there is one.
		 */
		code = CMS_decrypt(cms, key, NULL, NULL, out, CMS_BINARY | CMS_DEBUG_DECRYPT) == 1
				   ? append_bio(out, content)
				   : PGTC_E_SIGNATURE;
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return code;
}

PgtcCode
pgtc_envelope_open(PgtcSlice der, PgtcSlice private_key, PgtcBuf *content)
{
	PgtcCode code = PGTC_E_KEY;
	EVP_PKEY *key;
	BIO *bio;

	ERR_clear_error();
	bio = bio_of(private_key);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	if (key != NULL)
		code = open_by(der, key, content);
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_envelope_to_pem(PgtcSlice der, PgtcBuf *pem)
{
	BIO *bio;
	PgtcCode code = PGTC_E_CRYPTO;

	ERR_clear_error();
	bio = BIO_new(BIO_s_mem());
	if (bio != NULL && der.len <= LONG_MAX &&
		PEM_write_bio(bio, PEM_STRING_CMS, "", (const unsigned char *) der.data, (long) der.len) >
			0)
		code = append_bio(bio, pem);
	BIO_free(bio);
	ERR_clear_error();
	return code;
}

PgtcCode
pgtc_envelope_of_pem(PgtcSlice pem, PgtcBuf *der)
{
	unsigned char *data = NULL;
	char *name = NULL;
	char *header = NULL;
	long len = 0;
	PgtcCode code = PGTC_E_MALFORMED;
	BIO *bio;

	ERR_clear_error();
	bio = bio_of(pem);
	if (bio != NULL && PEM_read_bio(bio, &name, &header, &data, &len) == 1 && len > 0 &&
		header[0] == '\0' && strcmp(name, PEM_STRING_CMS) == 0)
	{
		pgtc_buf_append(der, data, (size_t) len);
		code = pgtc_buf_code(der);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	ERR_clear_error();
	return code;
}
