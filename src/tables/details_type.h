/*
 * details_type.h
 *		Types of authorization details (RFC 9396 section 2), each with the function that
 *		judges them.
 */
#ifndef PGT_DETAILS_TYPE_H
#define PGT_DETAILS_TYPE_H

#include "base/compat.h"

/* the function's name, with its schema; palloc'd.  NULL: the issuer has no such type */
extern char *details_type_validator(const char *issuer, const char *type);

#endif /* PGT_DETAILS_TYPE_H */
