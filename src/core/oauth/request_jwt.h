/*
 * request_jwt.h
 *		Request objects (RFC 9101, OpenID Connect Core section 6): what a JWT that a client has
 *		signed asks for.
 */
#ifndef PGT_CORE_REQUEST_JWT_H
#define PGT_CORE_REQUEST_JWT_H

#include "core/base/form.h"
#include "core/jose/claims.h"

#define PGTC_REQUEST_JWT_TYP "oauth-authz-req+jwt"
#define PGTC_REQUEST_JWT_LEEWAY 10 /* seconds by which the client's clock may be ahead */
#define PGTC_REQUEST_JWT_LIFETIME 3600 /* seconds, of which exp and nbf may speak */

/* none, JWT, or that of RFC 9101; any other says that it is something else (RFC 8725 section 3.11) */
extern bool pgtc_request_jwt_typ_valid(const char *typ);

/*
 * Its members as the fields of a form, in their order: strings as they are, numbers and
 * objects as JSON text, of resource and audience one field an element.  Left out is what
 * is about the JWT itself (iss, sub, aud, exp, nbf, iat, jti).  Refused: not a JSON
 * object, duplicate members, NUL, null (PGTC_E_MALFORMED, PGTC_E_DUPLICATE), request and
 * request_uri (PGTC_E_CLAIM, RFC 9101 section 4), more than PGTC_FORM_FIELDS_MAX fields
 * or PGTC_FORM_MAX bytes (PGTC_E_TOO_LONG).  On failure out is empty.
 */
extern PgtcCode pgtc_request_jwt_fields(PgtcSlice payload, const PgtcMem *mem, PgtcForm *out);

/*
 * Is it of this client, for this issuer, and now?  iss is the client (PGTC_E_ISSUER), aud
 * has the issuer (PGTC_E_AUDIENCE), exp lies ahead and no further from nbf than
 * PGTC_REQUEST_JWT_LIFETIME (PGTC_E_EXPIRED), nbf is no older and not in the future
 * (PGTC_E_NOT_YET), client_id is the client, and sub is not: that is an assertion which
 * the client authenticates by (PGTC_E_CLAIM, RFC 9101 section 10.8).  What is not there
 * is not judged, unless demanded: then all but sub has to be.
 */
extern PgtcCode pgtc_request_jwt_check(const PgtcClaims *claims, PgtcSlice client_id,
									   PgtcSlice issuer, int64_t now, bool demanded);

#endif /* PGT_CORE_REQUEST_JWT_H */
