/*
 * foreign_jwt.h
 *		A signed JWT that somebody else has made: taken apart, not yet believed.
 */
#ifndef PGT_FOREIGN_JWT_H
#define PGT_FOREIGN_JWT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "core/jose/claims.h"
#include "core/jose/jws.h"

typedef struct ForeignJwt
{
	PgtcJws jws;
	PgtcJwsHeader header;
	PgtcClaims *claims; /* until the current memory context is reset */
} ForeignJwt;

/* false: it is none, or of an algorithm that is not known here; text must outlive it */
extern bool foreign_jwt_read(const char *text, ForeignJwt *out);

/* all claims, of one whose signature has been verified; NULL: jsonb cannot hold them (core/base/json_foreign.h) */
extern Jsonb *foreign_jwt_claims(const ForeignJwt *jwt);

/* aud as one line, for a note of what came */
extern char *foreign_jwt_audience(const PgtcClaims *claims);

#endif /* PGT_FOREIGN_JWT_H */
