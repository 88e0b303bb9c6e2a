/*
 * device_approval.h
 *		Use case: the user types the code that his device shows, and the
 *		application answers for him (RFC 8628 section 3.3).
 *
 * user_code: as typed.  attempt_key: who typed it; too many wrong codes of one
 * close the door for a while.  They speak for the issuer of the HTTP endpoints.  In
 * place of user_code comes, on the shard of its subject, what was handed over.
 */
#ifndef PGT_DEVICE_APPROVAL_H
#define PGT_DEVICE_APPROVAL_H

#include "base/compat.h"

#include "tables/device_code.h"

/* what the device asks for, or {"error": ...} */
extern Jsonb *device_approval_describe(const char *user_code, const char *attempt_key);

/* the same, with what a consent page for this subject is made of beyond that */
extern Jsonb *device_approval_asked(const char *user_code, const char *attempt_key,
									const char *subject);

typedef struct DeviceApproval
{
	const char *user_code;
	const char *attempt_key;
	const char *scope; /* agreed to; NULL: all that was asked for */
	Lifespan lifespan; /* of the family, at the most */
	int consent_lifetime; /* seconds that it holds at most; -1: as the settings say */
	const char *page_id; /* of the consent page that was answered; NULL: the last one */
} DeviceApproval;

/* NULL: done; otherwise the name of an error */
extern const char *device_approval_give(const DeviceApproval *approval, const Authentication *auth);
extern const char *device_approval_deny(const char *user_code, const char *attempt_key);

/*
 * The request, sealed for the subject, who lies on another shard: to be given to that one
 * in place of the user_code.  spend: it has ended here, and may be answered there.  NULL:
 * there is none, or it was handed over for somebody else.
 */
extern char *device_approval_hand_over(const char *user_code, const char *attempt_key,
									   const char *subject, bool spend);

#endif /* PGT_DEVICE_APPROVAL_H */
