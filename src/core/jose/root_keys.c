/*
 * root_keys.c
 *		Root keys, and the file they are in.
 *
 * The root key itself is gone once it is parsed: only what was derived from it
 * stays.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/jose/root_keys.h"
#include "core/base/bytes.h"
#include "core/base/crypto.h"

void
pgtc_root_keys_wipe(PgtcRootKeys *keys)
{
	pgtc_crypto_wipe(keys, sizeof(*keys));
}

/* RFC 5869, without salt: the input is uniformly random already */
static PgtcCode
derive(const uint8_t key[PGTC_ROOT_KEY_LEN], const char *info, uint8_t *out, size_t len)
{
	OSSL_PARAM params[4];
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx = NULL;
	PgtcCode code = PGTC_E_CRYPTO;

	ERR_clear_error();
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *) "SHA256", 0);
	params[1] =
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *) key, PGTC_ROOT_KEY_LEN);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *) info, strlen(info));
	params[3] = OSSL_PARAM_construct_end();

	kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (kdf != NULL)
		ctx = EVP_KDF_CTX_new(kdf);
	if (ctx != NULL && EVP_KDF_derive(ctx, out, len, params) == 1)
		code = PGTC_OK;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	ERR_clear_error();
	return code;
}

static PgtcCode
parse_line(PgtcSlice line, PgtcRootKeys *out)
{
	uint8_t key[PGTC_ROOT_KEY_LEN];
	PgtcCode code = PGTC_OK;
	size_t i;

	if (line.len > 0 && line.data[0] == '#')
		return PGTC_OK;
	if (pgtc_slice_trim(line, " \t").len == 0)
		return PGTC_OK;
	if (line.len != 2 * PGTC_ROOT_KEY_LEN || out->n >= PGTC_ROOT_KEYS_MAX)
		return PGTC_E_MALFORMED;

	for (i = 0; i < PGTC_ROOT_KEY_LEN && code == PGTC_OK; i++)
	{
		int byte = pgtc_bytes_hex(line.data + 2 * i);

		if (byte < 0)
			code = PGTC_E_MALFORMED;
		else
			key[i] = (uint8_t) byte;
	}
	if (code == PGTC_OK)
		code = derive(key, "pgtoken root key id", out->key[out->n].id, PGTC_ROOT_KEY_ID_LEN);
	if (code == PGTC_OK)
		code = derive(key, "pgtoken wrap key", out->key[out->n].wrap_key,
					  sizeof(out->key[out->n].wrap_key));
	if (code == PGTC_OK)
		out->n++;
	pgtc_crypto_wipe(key, sizeof(key));
	return code;
}

/*
 *		file    = *( line LF ) [ line ]
 *		line    = blank / comment / key
 *		blank   = *( SP / HTAB )
 *		comment = "#" *( any octet but LF )
 *		key     = 64HEXDIG
 */
PgtcCode
pgtc_root_keys_parse(PgtcSlice file, PgtcRootKeys *out)
{
	PgtcCode code = PGTC_OK;

	memset(out, 0, sizeof(*out));
	while (code == PGTC_OK && file.len > 0)
		code = parse_line(pgtc_slice_take(&file, '\n'), out);
	if (code == PGTC_OK && out->n == 0)
		code = PGTC_E_MALFORMED;
	if (code != PGTC_OK)
		pgtc_root_keys_wipe(out);
	return code;
}
