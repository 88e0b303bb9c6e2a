/*
 * http_mark.h
 *		By what a request is found in logs and traces.
 */
#ifndef PGT_HTTP_MARK_H
#define PGT_HTTP_MARK_H

#include "http/http.h"

/*
 * Marks the transaction (base/mark.h): with the id that the layer says, or that a proxy
 * does which it vouches for, or a new UUIDv7; and with the trace of the traceparent, if
 * that is one.
 */
extern void http_mark(const HttpRequest *request);

/* X-Request-Id, unless pgtoken.http_answer_request_id is off or others may keep the answer */
extern void http_mark_answer(HttpExchange *x);

#endif /* PGT_HTTP_MARK_H */
