/*
 * answer_url.h
 *		Where a browser is sent: URLs with what an answer has to say.
 */
#ifndef PGT_ANSWER_URL_H
#define PGT_ANSWER_URL_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/issuer.h"

/* an error for the client, by way of the browser (RFC 6749 section 4.1.2.1, RFC 9207) */
extern char *answer_url_error(const Issuer *issuer, Jsonb *parameters, const char *error,
							  const char *description);

/* the URL with one parameter more, unless the value is NULL */
extern char *answer_url_with(const char *url, const char *name, const char *value);

/* a code for the client, likewise */
extern char *answer_url_code(const Issuer *issuer, Jsonb *parameters, const char *code);

#endif /* PGT_ANSWER_URL_H */
