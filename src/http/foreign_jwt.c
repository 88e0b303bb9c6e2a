/*
 * foreign_jwt.c
 *		A signed JWT that somebody else has made: taken apart, not yet believed.
 */
#include "http/foreign_jwt.h"

#include "base/glue.h"
#include "base/object.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"

bool
foreign_jwt_read(const char *text, ForeignJwt *out)
{
	PgtcBuf payload;
	PgtcCode code;

	if (pgtc_jws_split(pgtc_slice_str(text), &out->jws) != PGTC_OK ||
		pgtc_jws_read_header(&out->jws, &glue_mem, &out->header) != PGTC_OK)
		return false;
	pgtc_buf_init(&payload, &glue_mem);
	if (pgtc_buf_decode_b64url(&payload, out->jws.payload) != PGTC_OK)
		return false;
	out->claims = glue_claims_read(pgtc_slice(payload.data, payload.len), &code);
	pgtc_buf_free(&payload);
	return code == PGTC_OK;
}

Jsonb *
foreign_jwt_claims(const ForeignJwt *jwt)
{
	PgtcBuf payload;
	PgtcBuf anew;
	PgtcCode code;

	pgtc_buf_init(&payload, &glue_mem);
	pgtc_buf_init(&anew, &glue_mem);
	glue_check(pgtc_buf_decode_b64url(&payload, jwt->jws.payload), "reading claims");
	code = pgtc_json_foreign(pgtc_slice(payload.data, payload.len), PGTC_JSON_OBJECT, &anew);
	pgtc_buf_free(&payload);
	return code == PGTC_OK ? object_of_buf(&anew) : NULL;
}

char *
foreign_jwt_audience(const PgtcClaims *claims)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < claims->n_aud; i++)
		appendStringInfo(&list, "%s%.*s", i > 0 ? " " : "", (int) claims->aud[i].len,
						 claims->aud[i].data);
	return list.data;
}
