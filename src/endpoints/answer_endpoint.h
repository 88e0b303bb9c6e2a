/*
 * answer_endpoint.h
 *		Use case: the page that takes an answer to its client by POST.
 */
#ifndef PGT_ANSWER_ENDPOINT_H
#define PGT_ANSWER_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"
#include "operations/answer.h"

/* GET /oauth2/answer?answer=... */
extern char *answer_endpoint(HttpExchange *x);

/* what the browser gets in place of a redirect or of a page of the application's; NULL: a redirect */
extern char *answer_endpoint_send(HttpExchange *x, const Answer *answer);

#endif /* PGT_ANSWER_ENDPOINT_H */
