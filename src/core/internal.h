/*
 * internal.h
 *		What the files of the core share among themselves and nobody else calls.
 */
#ifndef PGT_CORE_INTERNAL_H
#define PGT_CORE_INTERNAL_H

#include <jansson.h>

#include "jws.h"

/*
 * Parse a JSON object that somebody else wrote: no duplicate members (RFC 8725
 * section 2.8 and RFC 7515 section 4), no NUL, nothing after it.  The caller ends *out with json_decref.
 */
extern PgtcCode pgtc_json_read_object(PgtcSlice text, json_t **out);

/* the string as a slice into the value; data == NULL unless it is a string */
extern PgtcSlice pgtc_json_slice(const json_t *value);

/* true when the member is a string equal to expected */
extern bool pgtc_json_member_is(const json_t *object, const char *name, const char *expected);

/*
 * Judge a parsed key against alg (type, curve, size) and put it into out, which
 * owns it from then on; on refusal the key is freed.
 */
extern PgtcCode pgtc_key_adopt(const PgtcAlg *alg, EVP_PKEY *pkey, bool is_private, PgtcKey *out);

/* 0 to 15, or -1 */
extern int pgtc_hex_value(char c);

/* HMAC-SHA-256 in one shot */
extern PgtcCode pgtc_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
								 uint8_t out[PGTC_SHA256_LEN]);

/* a context set up to sign or verify with the key; NULL on failure */
extern EVP_MD_CTX *pgtc_jws_new_ctx(const PgtcKey *key, bool sign);

/* as pgtc_jws_sign, where the signing input begins at byte start of out */
extern PgtcCode pgtc_jws_sign_from(const PgtcKey *key, PgtcBuf *out, size_t start);

#endif /* PGT_CORE_INTERNAL_H */
