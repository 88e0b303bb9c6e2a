/*
 * issuer_seal.c
 *		Bytes sealed under a key of an issuer.
 */
#include "tables/issuer_seal.h"

#include "base/glue.h"
#include "base/random.h"
#include "core/base/code.h"
#include "core/base/crypto.h"
#include "core/jose/root_keys.h"
#include "core/jose/wrap.h"

static void
read_key(Issuer *issuer, const char *purpose, PgtcRootKeys *keys)
{
	uint8_t id[PGTC_SHA256_LEN];

	keys->n = 1;
	issuer_subkey(issuer, purpose, keys->key[0].wrap_key);
	issuer_subkey(issuer, psprintf("%s id", purpose), id);
	memcpy(keys->key[0].id, id, sizeof(keys->key[0].id));
}

void
issuer_seal(Issuer *issuer, const char *purpose, PgtcSlice label, PgtcSlice plain, PgtcBuf *out)
{
	uint8_t nonce[PGTC_WRAP_NONCE_LEN];
	PgtcRootKeys keys;
	PgtcCode code;

	read_key(issuer, purpose, &keys);
	random_bytes(nonce, sizeof(nonce));
	code = pgtc_wrap(&keys, label, nonce, plain.data, plain.len, out);
	pgtc_root_keys_wipe(&keys);
	glue_check(code, "sealing");
}

PgtcCode
issuer_seal_open(Issuer *issuer, const char *purpose, PgtcSlice label, PgtcSlice sealed,
				 PgtcBuf *out)
{
	PgtcRootKeys keys;
	PgtcCode code;

	read_key(issuer, purpose, &keys);
	code = pgtc_wrap_open(&keys, label, sealed.data, sealed.len, out);
	pgtc_root_keys_wipe(&keys);
	if (code == PGTC_E_NOMEM)
		glue_check(code, "opening what was sealed");
	return code;
}
