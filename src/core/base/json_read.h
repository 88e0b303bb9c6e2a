/*
 * json_read.h
 *		What the files of the core share among themselves and nobody else calls.
 */
#ifndef PGT_CORE_INTERNAL_H
#define PGT_CORE_INTERNAL_H

#include <jansson.h>

#include "core/jose/jws.h"

/*
 * Parse a JSON object that somebody else wrote: no duplicate members (RFC 8725
 * section 2.8 and RFC 7515 section 4), no NUL, nothing after it.  The caller ends *out with json_decref.
 */
extern PgtcCode pgtc_json_read_object(PgtcSlice text, json_t **out);

/* the same for an object that is base64url-encoded, as the parts of a JWS are */
extern PgtcCode pgtc_json_read_b64url(PgtcSlice text, const PgtcMem *mem, json_t **out);

/* the string as a slice into the value; data == NULL unless it is a string */
extern PgtcSlice pgtc_json_slice(const json_t *value);

/*
 * A NumericDate (RFC 7519 section 2), which may have a fraction: cut off.
 * PGTC_E_CLAIM unless it is a number from 0 to 2^53.
 */
extern PgtcCode pgtc_json_time(const json_t *value, int64_t *out);

/* true when the member is a string equal to expected */
extern bool pgtc_json_member_is(const json_t *object, const char *name, const char *expected);

/*
 * Judge a parsed key against alg (type, curve, size) and put it into out, which
 * owns it from then on; on refusal the key is freed.
 */
extern PgtcCode pgtc_key_adopt(const PgtcAlg *alg, EVP_PKEY *pkey, bool is_private, PgtcKey *out);

/* as pgtc_key_read_jwk, of a JWK that was parsed already */
extern PgtcCode pgtc_key_read_jwk_json(const PgtcAlg *alg, const json_t *jwk, PgtcKey *out);

/* no private member, and of no symmetric type */
extern bool pgtc_jwk_is_public(const json_t *jwk);

/* base64 (RFC 4648 section 4) with or without its padding, appended to out; PGTC_E_MALFORMED */
extern PgtcCode pgtc_base64_decode(PgtcSlice in, PgtcBuf *out);

/* of RFC 3986 section 2.3; false for what is no byte */
extern bool pgtc_uri_unreserved(int c);

/* 0 to 15, or -1 */
extern int pgtc_hex_value(char c);

/* big-endian, 4 bytes */
extern void pgtc_put_uint32(uint8_t *out, uint32_t value);
extern uint32_t pgtc_get_uint32(const uint8_t *in);

/* HMAC-SHA-256 in one shot */
extern PgtcCode pgtc_hmac_sha256(const uint8_t *key, size_t key_len, const void *data, size_t len,
								 uint8_t out[PGTC_SHA256_LEN]);

/* fill in what the key is used by; pgtc_key_free ends it.  PGTC_E_CRYPTO */
extern PgtcCode pgtc_jws_make_ready(PgtcKey *key);

/* does the signature, as OpenSSL has it (ECDSA: DER), belong to the text?  PGTC_E_SIGNATURE */
extern PgtcCode pgtc_jws_verify_text(const PgtcKey *key, PgtcSlice text, const uint8_t *signature,
									 size_t len);

/* as pgtc_jws_sign, where the signing input begins at byte start of out */
extern PgtcCode pgtc_jws_sign_from(const PgtcKey *key, PgtcBuf *out, size_t start);

#endif /* PGT_CORE_INTERNAL_H */
