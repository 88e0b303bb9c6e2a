/*
 * console_api.h
 *		Use case: the console calls one of its functions.
 */
#ifndef PGT_CONSOLE_API_H
#define PGT_CONSOLE_API_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "http/http.h"

/* x->name: of the function */
extern Jsonb *console_api(HttpExchange *x);

#endif /* PGT_CONSOLE_API_H */
