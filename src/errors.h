/*
 * errors.h
 *		Protocol answers that are not tokens.
 *
 * They are values, returned to the caller as a row, never raised: an ERROR
 * would roll back the revocation and the audit event that go with them.  So
 * they have no SQLSTATE.
 */
#ifndef PGT_ERRORS_H
#define PGT_ERRORS_H

#include "compat.h"

typedef enum PgtErr
{
	PGT_OK = 0,
	PGT_ERR_CLIENT_UNKNOWN,
	PGT_ERR_CLIENT_DISABLED,
	PGT_ERR_CLIENT_SECRET_MISSING,
	PGT_ERR_CLIENT_SECRET_WRONG,
	PGT_ERR_CLIENT_NOT_OFFLINE,
	PGT_ERR_TOKEN_MALFORMED,
	PGT_ERR_TOKEN_UNKNOWN,
	PGT_ERR_TOKEN_OTHER_CLIENT,
	PGT_ERR_TOKEN_BLACKLISTED,
	PGT_ERR_TOKEN_REUSED,
	PGT_ERR_FAMILY_REVOKED,
	PGT_ERR_FAMILY_EXPIRED,
	PGT_ERR_FAMILY_IDLE,
	PGT_ERR_SCOPE_MALFORMED,
	PGT_ERR_SCOPE_NOT_ALLOWED,
	PGT_ERR_SCOPE_NOT_GRANTED,
	PGT_ERR_SCOPE_NOT_FOR_RESOURCE,
	PGT_ERR_SCOPE_AMBIGUOUS,
	PGT_ERR_TARGET_MALFORMED,
	PGT_ERR_TARGET_NOT_ALLOWED,
	PGT_ERR_TARGET_NOT_GRANTED
} PgtErr;

typedef struct PgtErrInfo
{
	const char *error; /* wire name (RFC 6749 section 5.2, RFC 8707 section 2) */
	const char *description; /* what the caller is told; one text may serve several reasons */
	const char *reason; /* what the audit is told */
	int http_status; /* of the token endpoint */
	bool audited; /* malformed input and what names nothing of ours leaves no trace */
} PgtErrInfo;

extern const PgtErrInfo *pgt_err_info(PgtErr err);

#endif /* PGT_ERRORS_H */
