/*
 * issuer_seal.h
 *		Bytes sealed under a key of an issuer: who has its pepper opens them, and nobody else.
 *
 * AES-256-GCM (core/jose/wrap.h) under subkeys of the pepper, which is the same in
 * every database that has the issuer.
 */
#ifndef PGT_ISSUER_SEAL_H
#define PGT_ISSUER_SEAL_H

#include "base/compat.h"

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "tables/issuer.h"

/*
 * Appends to out.  purpose: what they are for, which chooses the key.  label: what they
 * belong to, authenticated with them, so that nothing else opens them.
 */
extern void issuer_seal(Issuer *issuer, const char *purpose, PgtcSlice label, PgtcSlice plain,
						PgtcBuf *out);

/* appends what was sealed; anything but PGTC_OK: not by this issuer for this purpose under this label */
extern PgtcCode issuer_seal_open(Issuer *issuer, const char *purpose, PgtcSlice label,
								 PgtcSlice sealed, PgtcBuf *out);

#endif /* PGT_ISSUER_SEAL_H */
