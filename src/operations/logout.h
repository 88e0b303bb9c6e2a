/*
 * logout.h
 *		Use cases: a person has logged out, and clients are told (Back-Channel Logout).
 */
#ifndef PGT_LOGOUT_H
#define PGT_LOGOUT_H

#include "base/compat.h"

/* where to send the browser once the application has ended the session; NULL: nowhere */
extern char *logout_complete(const char *transaction_id, const char *subject,
							 const char *session_id);

/* subject: the application's user id; session_id: NULL when all sessions have ended */
extern char *logout_token(const char *client_id, const char *subject, const char *session_id);

#endif /* PGT_LOGOUT_H */
