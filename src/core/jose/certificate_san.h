/*
 * certificate_san.h
 *		Names of a certificate's subject beside the distinguished one (RFC 5280
 *		section 4.2.1.6), by which a client can be known (RFC 8705 section 2.1.2).
 */
#ifndef PGT_CORE_CERTIFICATE_SAN_H
#define PGT_CORE_CERTIFICATE_SAN_H

#include "core/base/buf.h"

typedef enum PgtcSanKind
{
	PGTC_SAN_DNS,
	PGTC_SAN_URI,
	PGTC_SAN_IP,
	PGTC_SAN_EMAIL
} PgtcSanKind;

/* can a certificate have this name?  A host in full, an absolute URI, an address, a mailbox; no wildcards */
extern bool pgtc_certificate_san_valid(PgtcSanKind kind, PgtcSlice name);

/*
 * *has: is name, which is valid, among those of this kind?  Hosts are compared without
 * regard to case, addresses by their octets, everything else octet by octet; an
 * entry with a wildcard is no host.  value: as pgtc_certificate_read() takes it, and
 * PGTC_E_MALFORMED, PGTC_E_TOO_LONG as there.
 */
extern PgtcCode pgtc_certificate_san_match(PgtcSlice value, const PgtcMem *mem, PgtcSanKind kind,
										   PgtcSlice name, bool *has);

#endif /* PGT_CORE_CERTIFICATE_SAN_H */
