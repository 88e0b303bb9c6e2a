/*
 * code.h
 *		What every file of the pure core shares: result codes, slices, memory.
 *
 * The core includes no PostgreSQL header, keeps no global state (but OpenSSL algorithms it has fetched), reads no clock
 * and draws no entropy except what it is handed (key generation, which belongs
 * to OpenSSL, is the one exception).  Functions return a PgtcCode and never
 * print, exit or jump; inputs are slices that need not end in NUL.  The same
 * objects are linked into the extension, the unit tests and the fuzzers.
 */
#ifndef PGT_CORE_CORE_H
#define PGT_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum PgtcCode
{
	PGTC_OK = 0,
	PGTC_E_NOMEM = -1, /* the allocator answered NULL */
	PGTC_E_MALFORMED = -2, /* not of the grammar the function documents */
	PGTC_E_TOO_LONG = -3, /* longer than the documented limit */
	PGTC_E_DUPLICATE = -4, /* a JSON object names a member twice */
	PGTC_E_ALG = -5, /* unknown algorithm, or not the one the key is pinned to */
	PGTC_E_KEY = -6, /* key of the wrong type, curve or size */
	PGTC_E_SIGNATURE = -7, /* signature, MAC or AEAD tag does not match */
	PGTC_E_CRIT = -8, /* a critical header extension we do not understand */
	PGTC_E_EXPIRED = -9, /* exp has passed */
	PGTC_E_NOT_YET = -10, /* nbf or iat lies in the future */
	PGTC_E_ISSUER = -11, /* iss is not the expected one */
	PGTC_E_AUDIENCE = -12, /* aud does not name the expected audience */
	PGTC_E_CLAIM = -13, /* a claim is missing or has the wrong type */
	PGTC_E_CRYPTO = -14, /* OpenSSL failed for a reason that is not the input's */
	PGTC_E_ROOT_KEY = -15 /* no root key with the id the wrapped blob names */
} PgtcCode;

/* bytes that somebody else owns */
typedef struct PgtcSlice
{
	const char *data;
	size_t len;
} PgtcSlice;

/*
 * Where the core gets memory from.  alloc answers NULL when there is none (it
 * must not jump: jansson and OpenSSL frames may lie between); release gives one
 * allocation back.
 */
typedef struct PgtcMem
{
	void *(*alloc)(size_t size);
	void (*release)(void *ptr);
} PgtcMem;

static inline PgtcSlice
pgtc_slice(const char *data, size_t len)
{
	PgtcSlice slice = {data, len};

	return slice;
}

static inline PgtcSlice
pgtc_slice_str(const char *str)
{
	return pgtc_slice(str, str ? strlen(str) : 0);
}

static inline bool
pgtc_slice_equal(PgtcSlice a, PgtcSlice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* a constant English phrase for a code, for details and logs; never NULL */
extern const char *pgtc_code_text(PgtcCode code);

/* constant-time comparison of two byte strings of one length (CRYPTO_memcmp) */
extern bool pgtc_equal_secret(const void *a, const void *b, size_t len);

/* wipe (OPENSSL_cleanse) */
extern void pgtc_wipe(void *ptr, size_t len);

/* SHA-256; PGTC_E_CRYPTO when OpenSSL refuses */
#define PGTC_SHA256_LEN 32
extern PgtcCode pgtc_sha256(const void *data, size_t len, uint8_t out[PGTC_SHA256_LEN]);

#endif /* PGT_CORE_CORE_H */
