/*
 * credentials.h
 *		What an Authorization header holds (RFC 9110 section 11.4).
 */
#ifndef PGT_CORE_CREDENTIALS_H
#define PGT_CORE_CREDENTIALS_H

#include "core/base/slice.h"

/* scheme 1*(what is blank) credentials, the scheme in either case; data == NULL: it is of another one */
extern PgtcSlice pgtc_credentials_of(PgtcSlice header, const char *scheme);

#endif /* PGT_CORE_CREDENTIALS_H */
