/*
 * envelope.h
 *		Content that is sealed to the certificates of who may read it: CMS
 *		AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084).
 */
#ifndef PGT_CORE_ENVELOPE_H
#define PGT_CORE_ENVELOPE_H

#include "core/base/buf.h"
#include "core/base/crypto.h"

#define PGTC_ENVELOPE_RECIPIENTS_MAX 16
#define PGTC_ENVELOPE_CONTENT_MAX (128 * 1024 * 1024) /* bytes */

/* SHA-256 of a certificate's DER in hexadecimal, as openssl x509 -fingerprint -sha256 writes it, but for the colons */
#define PGTC_FINGERPRINT_LEN ((size_t) 2 * PGTC_SHA256_LEN)

typedef struct PgtcEnvelopeRecipients
{
	int n;
	char fingerprint[PGTC_ENVELOPE_RECIPIENTS_MAX][PGTC_FINGERPRINT_LEN + 1];
} PgtcEnvelopeRecipients;

/*
 * The certificates, in PEM one after the other, each of an RSA key of 2048 bits and more
 * or an elliptic curve's.  Who has signed them, and until when they hold, is not looked
 * at: they are chosen by whoever seals.  The DER is appended to der.  PGTC_E_MALFORMED
 * (no certificate, or a broken one), PGTC_E_TOO_LONG (too many, or too much content),
 * PGTC_E_KEY, PGTC_E_CRYPTO.
 */
extern PgtcCode pgtc_envelope_seal(PgtcSlice certificates, PgtcSlice content,
								   PgtcEnvelopeRecipients *recipients, PgtcBuf *der);

/*
 * With the private key of one recipient, in PEM and without a passphrase.  For what is
 * known to come from whom it should: OpenSSL's parser is no place for anybody's bytes.
 * PGTC_E_KEY (no such private key), PGTC_E_MALFORMED (no such envelope),
 * PGTC_E_SIGNATURE (sealed to others, or changed).
 */
extern PgtcCode pgtc_envelope_open(PgtcSlice der, PgtcSlice private_key, PgtcBuf *content);

/* the DER as PEM (RFC 7468 section 9), and back; PGTC_E_MALFORMED */
extern PgtcCode pgtc_envelope_to_pem(PgtcSlice der, PgtcBuf *pem);
extern PgtcCode pgtc_envelope_of_pem(PgtcSlice pem, PgtcBuf *der);

#endif /* PGT_CORE_ENVELOPE_H */
