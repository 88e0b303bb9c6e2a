/*
 * test_envelope.c
 *		A configuration as text, and sealed to certificates.  Attacks shut out: bytes that
 *		were changed on their way and come out of the envelope all the same; a recipient
 *		whose key others can reckon.
 */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base/configuration_lines.h"
#include "core/jose/envelope.h"
#include "unit.h"

#define CONTENT "{\"pgtoken_configuration\":1}\n"

typedef struct Pair
{
	PgtcBuf certificate; /* PEM */
	PgtcBuf key;
} Pair;

static void
take_pem(BIO *bio, PgtcBuf *out)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	pgtc_buf_init(out, &unit_mem);
	pgtc_buf_append(out, data, (size_t) len);
	BIO_free(bio);
}

/* takes the key over */
static Pair
make_pair(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	BIO *bio = BIO_new(BIO_s_mem());
	Pair pair;

	CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7) == 1);
	CHECK(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL);
	CHECK(X509_gmtime_adj(X509_getm_notAfter(certificate), 60) != NULL);
	CHECK(X509_set_pubkey(certificate, key) == 1);
	CHECK(X509_sign(certificate, key, digest) > 0);
	CHECK(PEM_write_bio_X509(bio, certificate) == 1);
	take_pem(bio, &pair.certificate);
	bio = BIO_new(BIO_s_mem());
	CHECK(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
	take_pem(bio, &pair.key);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return pair;
}

static void
free_pair(Pair *pair)
{
	pgtc_buf_free(&pair->certificate);
	pgtc_buf_free(&pair->key);
}

static PgtcSlice
slice_of(const PgtcBuf *buf)
{
	return pgtc_slice(buf->data, buf->len);
}

static PgtcCode
opened_by(PgtcSlice der, PgtcSlice key)
{
	PgtcBuf content;
	PgtcCode code;

	pgtc_buf_init(&content, &unit_mem);
	code = pgtc_envelope_open(der, key, &content);
	CHECK(code == PGTC_OK ? pgtc_slice_equal(slice_of(&content), LITERAL(CONTENT))
						  : content.len == 0);
	pgtc_buf_free(&content);
	return code;
}

static PgtcCode
seal_to(PgtcSlice certificates, PgtcBuf *der, int recipients)
{
	PgtcEnvelopeRecipients to;
	PgtcCode code;

	pgtc_buf_init(der, &unit_mem);
	code = pgtc_envelope_seal(certificates, LITERAL(CONTENT), &to, der);
	if (code == PGTC_OK)
	{
		CHECK(to.n == recipients);
		for (int i = 0; i < to.n; i++)
			CHECK(strspn(to.fingerprint[i], "0123456789abcdef") == PGTC_FINGERPRINT_LEN);
	}
	return code;
}

static void
refused(PgtcSlice certificates, PgtcCode expected)
{
	PgtcBuf der;

	CHECK_CODE(seal_to(certificates, &der, 0), expected);
	CHECK(der.len == 0);
	pgtc_buf_free(&der);
}

static void
check_recipients(const Pair *rsa, const Pair *curve)
{
	PgtcBuf both;
	PgtcBuf der;

	pgtc_buf_init(&both, &unit_mem);
	pgtc_buf_append(&both, rsa->certificate.data, rsa->certificate.len);
	pgtc_buf_append(&both, curve->certificate.data, curve->certificate.len);

	CHECK_CODE(seal_to(slice_of(&rsa->certificate), &der, 1), PGTC_OK);
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&rsa->key)), PGTC_OK);
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&curve->key)), PGTC_E_SIGNATURE);
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&rsa->certificate)), PGTC_E_KEY);
	CHECK_CODE(opened_by(slice_of(&der), LITERAL("")), PGTC_E_KEY);
	pgtc_buf_free(&der);

	CHECK_CODE(seal_to(slice_of(&both), &der, 2), PGTC_OK);
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&rsa->key)), PGTC_OK);
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&curve->key)), PGTC_OK);
	pgtc_buf_free(&der);

	/* the second one is not whole */
	refused(pgtc_slice(both.data, both.len - 40), PGTC_E_MALFORMED);
	for (int i = 0; i < PGTC_ENVELOPE_RECIPIENTS_MAX; i++)
		pgtc_buf_append(&both, curve->certificate.data, curve->certificate.len);
	refused(slice_of(&both), PGTC_E_TOO_LONG);
	refused(LITERAL(""), PGTC_E_MALFORMED);
	refused(slice_of(&rsa->key), PGTC_E_MALFORMED);
	pgtc_buf_free(&both);
}

static void
check_unsuitable(void)
{
	Pair small = make_pair(EVP_RSA_gen(1024));
	Pair edwards = make_pair(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));

	refused(slice_of(&small.certificate), PGTC_E_KEY);
	refused(slice_of(&edwards.certificate), PGTC_E_KEY);
	free_pair(&small);
	free_pair(&edwards);
}

/* whatever byte is changed or missing: nothing comes out, or what was put in */
static void
check_changed(const Pair *curve)
{
	PgtcBuf der;
	int unchanged = 0;

	CHECK_CODE(seal_to(slice_of(&curve->certificate), &der, 1), PGTC_OK);
	for (size_t i = 0; i < der.len; i++)
	{
		der.data[i] ^= 1;
		/* of the recipient's serial number, say, nothing depends; opened_by() compares the content */
		if (opened_by(slice_of(&der), slice_of(&curve->key)) == PGTC_OK)
			unchanged++;
		der.data[i] ^= 1;
	}
	CHECK(unchanged < 64);
	/* the last bytes are the ciphertext and its tag */
	for (size_t i = der.len - 16 - sizeof(CONTENT); i < der.len; i++)
	{
		der.data[i] ^= 1;
		CHECK(opened_by(slice_of(&der), slice_of(&curve->key)) != PGTC_OK);
		der.data[i] ^= 1;
		CHECK(opened_by(pgtc_slice(der.data, i), slice_of(&curve->key)) != PGTC_OK);
	}
	pgtc_buf_append_str(&der, "x");
	CHECK_CODE(opened_by(slice_of(&der), slice_of(&curve->key)), PGTC_E_MALFORMED);
	pgtc_buf_free(&der);
}

static PgtcCode
pem_read(PgtcSlice pem, PgtcSlice expected)
{
	PgtcBuf der;
	PgtcCode code;

	pgtc_buf_init(&der, &unit_mem);
	code = pgtc_envelope_of_pem(pem, &der);
	CHECK(pgtc_slice_equal(slice_of(&der), code == PGTC_OK ? expected : LITERAL("")));
	pgtc_buf_free(&der);
	return code;
}

static void
check_pem(const Pair *curve)
{
	PgtcBuf pem;

	pgtc_buf_init(&pem, &unit_mem);
	CHECK_CODE(pgtc_envelope_to_pem(LITERAL("0123456789"), &pem), PGTC_OK);
	CHECK(memcmp(pem.data, "-----BEGIN CMS-----\n", 20) == 0);
	CHECK_CODE(pem_read(slice_of(&pem), LITERAL("0123456789")), PGTC_OK);
	CHECK_CODE(pem_read(pgtc_slice(pem.data, pem.len - 10), LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(pem_read(LITERAL(""), LITERAL("")), PGTC_E_MALFORMED);
	CHECK_CODE(pem_read(slice_of(&curve->certificate), LITERAL("")), PGTC_E_MALFORMED);
	pgtc_buf_free(&pem);
}

static void
check_lines(void)
{
	PgtcConfigurationLine line;
	PgtcSlice about;
	PgtcSlice rest;
	PgtcBuf text;

	pgtc_buf_init(&text, &unit_mem);
	pgtc_configuration_lines_begin(&text, LITERAL("{\"version\": \"1\"}"));
	pgtc_configuration_lines_add(&text, LITERAL("issuers"), LITERAL("{\"issuer\": \"a\\\"}\"}"),
								 pgtc_slice(NULL, 0));
	pgtc_configuration_lines_add(&text, LITERAL("key_material"), LITERAL("{}"), LITERAL("secret"));
	CHECK_CODE(pgtc_buf_code(&text), PGTC_OK);
	rest = slice_of(&text);
	CHECK_CODE(pgtc_configuration_lines_about(&rest, &about), PGTC_OK);
	CHECK(pgtc_slice_equal(about, LITERAL("{\"version\": \"1\"}")));
	CHECK_CODE(pgtc_configuration_lines_next(&rest, &line), PGTC_OK);
	CHECK(pgtc_slice_equal(line.table, LITERAL("issuers")));
	CHECK(pgtc_slice_equal(line.row, LITERAL("{\"issuer\": \"a\\\"}\"}")));
	CHECK(line.material.data == NULL);
	CHECK_CODE(pgtc_configuration_lines_next(&rest, &line), PGTC_OK);
	CHECK(pgtc_slice_equal(line.table, LITERAL("key_material")));
	CHECK(pgtc_slice_equal(line.material, LITERAL("c2VjcmV0")));
	CHECK(pgtc_slice_equal(line.row, LITERAL("{}")));
	CHECK(rest.len == 0);
	pgtc_buf_free(&text);
}

static void
check_other_lines(void)
{
	static const char *const wrong[] = {"",
										"\n",
										"{}",
										"{\"table\":\"issuers\"}",
										"{\"table\":\"issuers\",\"row\":{}",
										"{\"table\":\"issuers\",\"row\":}",
										"{\"table\":\"issuers\",\"row\":[]}",
										"{\"table\":\"\",\"row\":{}}",
										"{\"table\":\"a; DROP\",\"row\":{}}",
										"{\"table\":\"issuers",
										"{\"table\":\"issuers\",\"material\":\"",
										"{\"table\":\"issuers\",\"material\":\"\"\"row\":{}}",
										"{\"row\":{},\"table\":\"issuers\"}",
										" {\"table\":\"issuers\",\"row\":{}}"};
	PgtcConfigurationLine line;
	PgtcSlice about;
	PgtcSlice rest;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
	{
		rest = pgtc_slice_str(wrong[i]);
		CHECK_CODE(pgtc_configuration_lines_next(&rest, &line), PGTC_E_MALFORMED);
		rest = pgtc_slice_str(wrong[i]);
		CHECK_CODE(pgtc_configuration_lines_about(&rest, &about), PGTC_E_MALFORMED);
	}
	rest = LITERAL("{\"pgtoken_configuration\":2,\"anything\":{}}");
	CHECK_CODE(pgtc_configuration_lines_about(&rest, &about), PGTC_E_CLAIM);
	rest = LITERAL("{\"pgtoken_configuration\":99999999999999999999,\"about\":{}}");
	CHECK_CODE(pgtc_configuration_lines_about(&rest, &about), PGTC_E_CLAIM);
	rest = LITERAL("{\"pgtoken_configuration\":x,\"about\":{}}");
	CHECK_CODE(pgtc_configuration_lines_about(&rest, &about), PGTC_E_MALFORMED);
}

void
test_envelope(void)
{
	Pair rsa = make_pair(EVP_RSA_gen(2048));
	Pair curve = make_pair(EVP_EC_gen("P-256"));

	check_recipients(&rsa, &curve);
	check_unsuitable();
	check_changed(&curve);
	check_pem(&curve);
	check_lines();
	check_other_lines();
	free_pair(&rsa);
	free_pair(&curve);
}
