/*
 * audit_key.c
 *		The keys that sign seals of the audit.
 *
 * They belong to the installation, not to an issuer: no JWK Set has them, and no token
 * was ever signed by one.  A key is parsed each time, which is once a seal.
 */
#include "tables/audit_key.h"

#include "utils/memutils.h"

#include "base/glue.h"
#include "base/object.h"
#include "base/store.h"
#include "core/jose/jwk.h"
#include "core/jose/jws.h"
#include "core/jose/key.h"
#include "core/jose/token.h"
#include "tables/key_material.h"

static char *
material_id(const char *kid)
{
	return psprintf("audit:%s", kid);
}

static StoreQuery audit_key_insert_query =
	STORE_QUERY("audit key insert", STORE_WRITES,
				"INSERT INTO pgtoken.audit_keys (kid, alg, public_jwk) VALUES ($1, $2, $3)");

char *
audit_key_create(const PgtcAlg *alg)
{
	PgtcKey *key = glue_new_key();
	char *kid = palloc(PGTC_THUMBPRINT_LEN + 1);
	StoreArgs args = {0};
	PgtcBuf buf;

	glue_check(pgtc_key_generate(alg, key), "making a key");
	glue_check(pgtc_jwk_thumbprint(key, &glue_mem, kid), "naming a key");
	pgtc_buf_init(&buf, &glue_mem);
	glue_check(pgtc_jwk_write(key, pgtc_slice_str(kid), &buf), "writing a public key");
	store_arg_text(&args, kid);
	store_arg_text(&args, alg->name);
	store_arg_jsonb(&args, object_of_buf(&buf));
	store_run(&audit_key_insert_query, &args, NULL, NULL);

	pgtc_buf_init(&buf, &glue_mem);
	glue_check(pgtc_key_write_private(key, &buf), "writing a private key");
	key_material_insert(material_id(kid), buf.data, buf.len);
	pgtc_buf_free(&buf);
	return kid;
}

char *
audit_key_sign(const char *kid, const PgtcAlg *alg, PgtcSlice payload)
{
	PgtcKey *key = glue_new_key();
	PgtcBuf buf;
	PgtcCode code;

	pgtc_buf_init(&buf, &glue_mem);
	key_material_read(material_id(kid), &buf);
	code = pgtc_key_read_private(alg, (const uint8_t *) buf.data, buf.len, key);
	pgtc_buf_free(&buf);
	glue_check(code, "reading a private key");

	pgtc_buf_init(&buf, &glue_mem);
	glue_check(pgtc_token_header(alg, AUDIT_KEY_TYP, pgtc_slice_str(kid), &buf),
			   "writing a header");
	pgtc_buf_append_str(&buf, ".");
	pgtc_buf_append_b64url(&buf, payload.data, payload.len);
	glue_check(pgtc_buf_code(&buf), "writing a seal");
	if (buf.len > PGTC_JWS_MAX / 2)
		elog(ERROR, "a seal is too long");
	glue_check(pgtc_jws_sign(key, &buf, 0), "signing a seal");
	return buf.data;
}

bool
audit_key_verify(const PgtcAlg *alg, PgtcSlice jwk, PgtcSlice seal)
{
	PgtcKey *key = glue_new_key();
	PgtcJws jws;
	PgtcJwsHeader header;

	return pgtc_jwk_read(alg, jwk, key) == PGTC_OK && pgtc_jws_split(seal, &jws) == PGTC_OK &&
		   pgtc_jws_read_header(&jws, &glue_mem, &header) == PGTC_OK && header.alg == alg &&
		   strcmp(header.typ, AUDIT_KEY_TYP) == 0 &&
		   pgtc_jws_verify(&jws, alg, key, &glue_mem) == PGTC_OK;
}
