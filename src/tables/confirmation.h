/*
 * confirmation.h
 *		What a token is bound to, and what a request has proved (RFC 7800).
 */
#ifndef PGT_CONFIRMATION_H
#define PGT_CONFIRMATION_H

#include "base/compat.h"

#include "utils/jsonb.h"

typedef struct Confirmation
{
	char *jkt; /* key, proved by DPoP (RFC 9449 section 6); NULL: none */
	char *x5t_s256; /* certificate, presented in TLS (RFC 8705 section 3); NULL: none */
} Confirmation;

/* {"jkt": ...} or {"x5t#S256": ...}; NULL is none; ereport(22023) for anything else */
extern Confirmation confirmation_of_jsonb(Jsonb *cnf);

/* the cnf claim as JSON text; NULL when it binds nothing */
extern char *confirmation_claim(const Confirmation *confirmation);

/* is everything that bound asks for among what proved has? */
extern bool confirmation_holds(const Confirmation *bound, const Confirmation *proved);

#endif /* PGT_CONFIRMATION_H */
