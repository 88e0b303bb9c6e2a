/*
 * json_read.h
 *		Strict reading of JSON objects.  Its types are jansson's: no header that PostgreSQL's
 *		side includes may include this one.
 */
#ifndef PGT_CORE_JSON_READ_H
#define PGT_CORE_JSON_READ_H

#include <jansson.h>

#include "core/base/buf.h"

/*
 * Parse a JSON object that somebody else wrote: no duplicate members (RFC 8725
 * section 2.8 and RFC 7515 section 4), no NUL, nothing after it.  The caller ends *out with json_decref.
 */
extern PgtcCode pgtc_json_read_object(PgtcSlice text, json_t **out);

/* the same for an object that is base64url-encoded, as the parts of a JWS are */
extern PgtcCode pgtc_json_read_b64url(PgtcSlice text, const PgtcMem *mem, json_t **out);

/* the string as a slice into the value; data == NULL unless it is a string */
extern PgtcSlice pgtc_json_read_string(const json_t *value);

/*
 * A NumericDate (RFC 7519 section 2), which may have a fraction: cut off.
 * PGTC_E_CLAIM unless it is a number from 0 to 2^53.
 */
extern PgtcCode pgtc_json_read_time(const json_t *value, int64_t *out);

/* true when the member is a string equal to expected */
extern bool pgtc_json_read_is(const json_t *object, const char *name, const char *expected);

typedef struct PgtcName
{
	const char *name;
	int value;
} PgtcName;

/* the value of the name that the JSON string is; PGTC_E_MALFORMED */
extern PgtcCode pgtc_json_read_name(const json_t *value, const PgtcName *names, int n, int *out);

#endif /* PGT_CORE_JSON_READ_H */
