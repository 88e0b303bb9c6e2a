/*
 * certificate.h
 *		A client certificate as a proxy passes it on in a header (RFC 8705, RFC
 *		9440).
 */
#ifndef PGT_CORE_CERTIFICATE_H
#define PGT_CORE_CERTIFICATE_H

#include "core/base/buf.h"

#define PGTC_CERTIFICATE_MAX 16384 /* bytes of a header value */

/*
 * value: RFC 9440's ":" base64 DER ":", or PEM percent-encoded (as nginx's
 * $ssl_client_escaped_cert).  thumbprint: base64url( SHA-256( DER ) ), the
 * x5t#S256 of RFC 8705 section 3.1; subject_dn: the subject's RFC 4514 string, to
 * be shown; subject: the same as pgtc_dn_normalise writes it, to be compared, and
 * nothing where that is not possible (there is no subject); both appended, either
 * may be NULL.  PGTC_E_MALFORMED, PGTC_E_TOO_LONG.  Whether the certificate is
 * trusted or current is the proxy's to say: it is not looked at.
 */
extern PgtcCode pgtc_certificate_read(PgtcSlice value, const PgtcMem *mem, char thumbprint[43 + 1],
									  PgtcBuf *subject_dn, PgtcBuf *subject);

/* its DER alone, not looked into; der is appended to, also by what is refused */
extern PgtcCode pgtc_certificate_der(PgtcSlice value, PgtcBuf *der);

#endif /* PGT_CORE_CERTIFICATE_H */
