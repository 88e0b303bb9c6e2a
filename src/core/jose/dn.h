/*
 * dn.h
 *		Distinguished names as strings (RFC 4514), for comparing them.
 */
#ifndef PGT_CORE_DN_H
#define PGT_CORE_DN_H

#include "core/base/buf.h"

#define PGTC_DN_MAX 8192 /* bytes */

/*
 * Appends the one text of all strings that stand for the same name: types by their
 * OIDs, values by their bytes in UTF-8, the attributes of an RDN sorted.  So case of
 * types, keyword or OID, spaces around separators, ways to escape, hexadecimal
 * values and order within "+" make no difference; case and order of the RDNs do.
 * PGTC_E_MALFORMED, also for a keyword that OpenSSL does not know; PGTC_E_TOO_LONG.
 */
extern PgtcCode pgtc_dn_normalise(PgtcSlice dn, const PgtcMem *mem, PgtcBuf *out);

#endif /* PGT_CORE_DN_H */
