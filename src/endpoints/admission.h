/*
 * admission.h
 *		The door of the resource side: may a request of an API pass, and as whom?
 */
#ifndef PGT_ADMISSION_H
#define PGT_ADMISSION_H

#include "base/compat.h"

#include "http/http.h"

typedef struct Admission
{
	const char *role; /* that the request runs as; NULL: it is refused, or answered already */
	Jsonb *settings; /* for its transaction, by their names */
} Admission;

/*
 * Without a role x has status and headers of the answer, and its body is returned,
 * NULL: there is none.  With one it has the headers that the API's answer needs as well.
 */
extern char *admission(const HttpRequest *request, HttpExchange *x, Admission *out);

#endif /* PGT_ADMISSION_H */
