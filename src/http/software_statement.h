/*
 * software_statement.h
 *		Software statements (RFC 7591 section 2.3): what somebody who is trusted says
 *		of a client.
 */
#ifndef PGT_SOFTWARE_STATEMENT_H
#define PGT_SOFTWARE_STATEMENT_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

/*
 * Its claims, palloc'd, when a key of its issuer has signed it, it is in its time, and
 * for nobody else.  issuers: of each that is trusted an object with jwks; NULL: none
 * is.  PGT_ERR_REGISTRATION_STATEMENT, PGT_ERR_REGISTRATION_STATEMENT_ISSUER.
 */
extern PgtErr software_statement_read(const HttpExchange *x, Jsonb *issuers, const char *statement,
									  Jsonb **claims);

#endif /* PGT_SOFTWARE_STATEMENT_H */
