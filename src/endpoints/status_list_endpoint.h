/*
 * status_list_endpoint.h
 *		Use cases: a status list, and where all of them are (Token Status List
 *		sections 8 and 9).
 */
#ifndef PGT_STATUS_LIST_ENDPOINT_H
#define PGT_STATUS_LIST_ENDPOINT_H

#include "base/compat.h"

#include "http/http.h"

/* its token, or the error */
extern char *status_list_endpoint(HttpExchange *x);

/* JSON text, or the error */
extern char *status_list_endpoint_all(HttpExchange *x);

#endif /* PGT_STATUS_LIST_ENDPOINT_H */
