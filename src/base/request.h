/*
 * request.h
 *		What callers hand in besides tokens: context and claims, checked.
 */
#ifndef PGT_REQUEST_H
#define PGT_REQUEST_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "core/risk/request_context.h"

#define REQUEST_JSON_MAX 8192 /* bytes of a context or of claims */
#define CONTEXT_STRING_MAX 1024
#define SUBJECT_MAX 255 /* OpenID Connect Core section 2 */
#define REQUEST_STRING_MAX 1024

/*
 * Both ereport(22023): not an object, too large, a known member of the wrong
 * type, a claim of a registered name.  NULL becomes the empty object.
 */
extern Jsonb *request_context(Jsonb *context);
extern Jsonb *request_claims(Jsonb *claims);

/* the known members of a context, NULL: none; of another type counts as absent; palloc'd */
extern void request_context_facts(Jsonb *context, PgtcRequestContext *out);

/* 1 to SUBJECT_MAX printable ASCII characters, otherwise ereport(22023) */
extern void request_subject(const char *subject);

/* subjects that begin like this stand for clients, not for users (RFC 9068 section 5) */
#define CLIENT_SUBJECT_PREFIX "client:"
extern bool request_subject_is_client(const char *subject);

/* an optional string argument: at most REQUEST_STRING_MAX bytes, no control characters */
extern void request_string(const char *value, const char *argument);
extern void request_strings(char *const *values, int n, const char *argument);

/* finite, after 1970 and not in the future, otherwise ereport(22023) */
extern void request_auth_time(TimestampTz auth_time);

#endif /* PGT_REQUEST_H */
