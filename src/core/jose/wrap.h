/*
 * wrap.h
 *		Key material at rest: AES-256-GCM under a key derived by HKDF-SHA-256
 *		from the root key.
 *
 *		blob = version=1 (1) | root key id (8) | nonce (12) | ciphertext | tag (16)
 *
 * The label (what the material is for) is authenticated with it, so a blob
 * moved to another row does not open.
 */
#ifndef PGT_CORE_WRAP_H
#define PGT_CORE_WRAP_H

#include "core/base/buf.h"

#define PGTC_ROOT_KEY_LEN 32
#define PGTC_ROOT_KEY_ID_LEN 8
#define PGTC_ROOT_KEYS_MAX 8
#define PGTC_WRAP_NONCE_LEN 12

typedef struct PgtcRootKey
{
	uint8_t id[PGTC_ROOT_KEY_ID_LEN]; /* derived from the key by HKDF, tells nothing of it */
	uint8_t wrap_key[32]; /* derived by HKDF under another info */
} PgtcRootKey;

typedef struct PgtcRootKeys
{
	int n; /* the first wraps, all unwrap */
	PgtcRootKey key[PGTC_ROOT_KEYS_MAX];
} PgtcRootKeys;

/*
 * A root key file: one key of 64 hexadecimal digits per line; blank lines and
 * lines that start with # do not count.  PGTC_E_MALFORMED for anything else, no
 * key at all, or more than PGTC_ROOT_KEYS_MAX.
 */
extern PgtcCode pgtc_root_keys_parse(PgtcSlice file, PgtcRootKeys *out);
extern void pgtc_root_keys_wipe(PgtcRootKeys *keys);

/* appends the blob to out */
extern PgtcCode pgtc_wrap(const PgtcRootKeys *keys, PgtcSlice label,
						  const uint8_t nonce[PGTC_WRAP_NONCE_LEN], const void *plain, size_t len,
						  PgtcBuf *out);

/* appends the plain bytes to out; PGTC_E_ROOT_KEY, PGTC_E_MALFORMED, PGTC_E_SIGNATURE */
extern PgtcCode pgtc_unwrap(const PgtcRootKeys *keys, PgtcSlice label, const void *blob, size_t len,
							PgtcBuf *out);

/* is the blob wrapped under the first of these keys? */
extern bool pgtc_wrapped_by_first(const PgtcRootKeys *keys, const void *blob, size_t len);

#endif /* PGT_CORE_WRAP_H */
