/*
 * authorization_parameters.h
 *		Parameters of an authorization request, validated (RFC 6749 section 4.1.1,
 *		OpenID Connect Core section 3.1.2.1, RFC 7636, RFC 8707, RFC 9449 section
 *		10).
 */
#ifndef PGT_AUTHORIZATION_PARAMETERS_H
#define PGT_AUTHORIZATION_PARAMETERS_H

#include "base/compat.h"

#include "http/http.h"
#include "tables/client.h"

#define STATE_MAX 4096

/* of each the only one */
#define RESPONSE_TYPE "code"
#define CODE_CHALLENGE_METHOD "S256"

/* as StringsNth */
extern const char *authorization_parameters_prompt(int n);

/* printable text that may be stored, shown and sent on; NULL is */
extern bool authorization_parameters_text_valid(const char *value, size_t max);

/*
 * Where an answer may be sent, and how: *parameters becomes an object with
 * redirect_uri, redirect_uri_given, state, and response_mode if it is one that fits.
 * An error must not be redirected.
 */
extern PgtErr authorization_parameters_redirect(const HttpExchange *x, const Client *client,
												Jsonb **parameters);

/* everything else is added, the default resource where none is named; an error may be redirected */
extern PgtErr authorization_parameters(const HttpExchange *x, const Client *client,
									   Jsonb **parameters);

#endif /* PGT_AUTHORIZATION_PARAMETERS_H */
