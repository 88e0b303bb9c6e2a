/*
 * hand_over.h
 *		Use case: the login page knows its subject, who lies on another shard than the
 *		request.
 */
#ifndef PGT_HAND_OVER_H
#define PGT_HAND_OVER_H

#include "base/compat.h"

/*
 * The transaction, sealed for the subject: to be given to the subject's shard in place of
 * the transaction_id.  spend: it has ended here, and may be answered there.  NULL: it is
 * unknown, has ended, or was handed over for somebody else.
 */
extern char *hand_over_authorization(const char *transaction_id, const char *subject, bool spend);

#endif /* PGT_HAND_OVER_H */
