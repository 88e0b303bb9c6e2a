/*
 * foreign_token.h
 *		Refresh tokens that another server has handed out: by which part of one its place
 *		is found, once it is known to be genuine.
 */
#ifndef PGT_CORE_FOREIGN_TOKEN_H
#define PGT_CORE_FOREIGN_TOKEN_H

#include "core/base/buf.h"
#include "core/base/crypto.h"

#define PGTC_FOREIGN_TOKEN_MAX 4096 /* bytes of one that is looked at */
#define PGTC_FOREIGN_KEY_LEN PGTC_SHA256_LEN

typedef enum PgtcForeignFormat
{
	PGTC_FOREIGN_WHOLE, /* the token is what it is looked up by, and secret as a whole */
	PGTC_FOREIGN_HYDRA, /* [ory_rt_]key.signature: whose server stores the signature only */
	PGTC_FOREIGN_FORMATS
} PgtcForeignFormat;

/* NULL past the last one */
extern const char *pgtc_foreign_token_format(int format);

/* what a source's secret is used as: of Hydra's, the SHA-256 of the text */
extern PgtcCode pgtc_foreign_token_key(PgtcSlice secret, uint8_t out[PGTC_FOREIGN_KEY_LEN]);

/*
 * SHA-256 of what a token is looked up by.  PGTC_E_MALFORMED for one of another form,
 * PGTC_E_SIGNATURE for one that this key has not authenticated; key: NULL where the
 * format has none.
 */
extern PgtcCode pgtc_foreign_token_digest(PgtcForeignFormat format,
										  const uint8_t key[PGTC_FOREIGN_KEY_LEN], PgtcSlice token,
										  uint8_t out[PGTC_SHA256_LEN]);

/*
 * What Hydra has encrypted at rest: base64url with padding of nonce, AES-256-GCM
 * ciphertext and tag, without further data.  Appended to out; PGTC_E_MALFORMED,
 * PGTC_E_SIGNATURE for another key.
 */
extern PgtcCode pgtc_foreign_token_open(const uint8_t key[PGTC_FOREIGN_KEY_LEN], PgtcSlice text,
										PgtcBuf *out);

#endif /* PGT_CORE_FOREIGN_TOKEN_H */
