/*
 * software_statement.c
 *		Software statements (RFC 7591 section 2.3).
 */
#include "http/software_statement.h"

#include "utils/timestamp.h"

#include "base/glue.h"
#include "base/member.h"
#include "base/moment.h"
#include "base/object.h"
#include "base/refused.h"
#include "core/base/buf.h"
#include "core/base/code.h"
#include "core/base/json_foreign.h"
#include "core/base/slice.h"
#include "core/jose/claims.h"
#include "core/jose/jwks.h"
#include "core/jose/jws.h"

#define LEEWAY 10 /* seconds by which the issuer's clock may be ahead */

static PgtErr
refused_statement(const char *parameter, const char *received, const char *expected)
{
	return refused(PGT_ERR_REGISTRATION_STATEMENT, parameter, received, expected);
}

/* the claims twice: as the reader of tokens has them, which checks their types, and all of them */
static bool
read_payload(PgtcSlice payload, PgtcClaims **claims, Jsonb **all)
{
	PgtcBuf text;
	PgtcBuf anew;
	PgtcCode code;

	pgtc_buf_init(&text, &glue_mem);
	pgtc_buf_init(&anew, &glue_mem);
	code = pgtc_buf_decode_b64url(&text, payload);
	if (code == PGTC_OK)
		*claims = glue_claims_read(pgtc_slice(text.data, text.len), &code);
	if (code == PGTC_OK)
		code = pgtc_json_foreign(pgtc_slice(text.data, text.len), PGTC_JSON_OBJECT, &anew);
	pgtc_buf_free(&text);
	if (code == PGTC_OK)
		*all = object_of_buf(&anew);
	else
		pgtc_buf_free(&anew);
	return code == PGTC_OK;
}

/* RFC 7519 section 4.1; without aud it is for whoever trusts its issuer */
static PgtErr
check_claims(const HttpExchange *x, const PgtcClaims *claims)
{
	int64 now = moment_unix(GetCurrentTimestamp());

	if (claims->n_aud > 0 && !pgtc_claims_has_audience(claims, pgtc_slice_str(x->issuer->issuer)))
		return refused_statement("aud", NULL, x->issuer->issuer);
	if (claims->exp >= 0 && claims->exp <= now)
		return refused_statement("exp", psprintf(INT64_FORMAT, claims->exp), "a time to come");
	if (claims->nbf > now + LEEWAY || claims->iat > now + LEEWAY)
		return refused_statement(claims->nbf > now + LEEWAY ? "nbf" : "iat", NULL,
								 "a time that has come");
	return PGT_OK;
}

PgtErr
software_statement_read(const HttpExchange *x, Jsonb *issuers, const char *statement, Jsonb **all)
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcClaims *claims = NULL;
	Jsonb *trusted = NULL;
	char *jwks;

	if (pgtc_jws_split(pgtc_slice_str(statement), &jws) != PGTC_OK ||
		pgtc_jws_read_header(&jws, &glue_mem, &header) != PGTC_OK ||
		!read_payload(jws.payload, &claims, all) || claims->iss.data == NULL)
		return refused_statement("software_statement", NULL,
								 "a signed JWT with iss, of an algorithm that is known here");
	if (strcmp(header.typ, "") != 0 && strcmp(header.typ, "jwt") != 0)
		return refused_statement("typ", header.typ, "none, or JWT");
	if (issuers)
		trusted = member_json(issuers, pnstrdup(claims->iss.data, claims->iss.len));
	if (trusted == NULL)
		return refused(PGT_ERR_REGISTRATION_STATEMENT_ISSUER, "iss",
					   pnstrdup(claims->iss.data, claims->iss.len),
					   "one of software_statement_issuers");
	jwks = member_text(trusted, "jwks");
	if (jwks == NULL || header.alg->kty == PGTC_KTY_OCT ||
		pgtc_jwks_verify(&jws, &header, pgtc_slice_str(jwks), &glue_mem) != PGTC_OK)
		return refused_statement("signature",
								 psprintf("alg %s, kid %s", header.alg->name, header.kid),
								 "of a key of its issuer");
	return check_claims(x, claims);
}
