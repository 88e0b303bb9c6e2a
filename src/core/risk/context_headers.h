/*
 * context_headers.h
 *		Which headers of a proxy become which members of a context.
 *
 *		headers = [ mapping *( "," mapping ) ]
 *		mapping = member "=" header, with spaces around each of them
 */
#ifndef PGT_CORE_CONTEXT_HEADERS_H
#define PGT_CORE_CONTEXT_HEADERS_H

#include "core/base/slice.h"

#define PGTC_CONTEXT_HEADERS_MAX 16
#define PGTC_CONTEXT_NAME_MAX 63 /* of a member or a header */

typedef struct PgtcContextHeader
{
	char member[PGTC_CONTEXT_NAME_MAX + 1];
	char header[PGTC_CONTEXT_NAME_MAX + 1];
} PgtcContextHeader;

typedef struct PgtcContextHeaders
{
	int n;
	PgtcContextHeader mapping[PGTC_CONTEXT_HEADERS_MAX];
} PgtcContextHeaders;

/* NULL, or what is wrong with the text, in English; then out is empty */
extern const char *pgtc_context_headers_read(PgtcSlice text, PgtcContextHeaders *out);

/* the header that says the member; NULL: none does */
extern const char *pgtc_context_headers_find(const PgtcContextHeaders *headers, const char *member);

#endif /* PGT_CORE_CONTEXT_HEADERS_H */
