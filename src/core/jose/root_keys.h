/*
 * root_keys.h
 *		Root keys, and the file they are in.
 */
#ifndef PGT_CORE_ROOT_KEYS_H
#define PGT_CORE_ROOT_KEYS_H

#include "core/base/code.h"
#include "core/base/slice.h"

#define PGTC_ROOT_KEY_LEN 32
#define PGTC_ROOT_KEY_ID_LEN 8
#define PGTC_ROOT_KEYS_MAX 8

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

#endif /* PGT_CORE_ROOT_KEYS_H */
