/*
 * status_list_token.h
 *		Status lists as they are published: signed, and kept for a while.
 */
#ifndef PGT_STATUS_LIST_TOKEN_H
#define PGT_STATUS_LIST_TOKEN_H

#include "base/compat.h"

#include "core/oauth/status_list.h"
#include "tables/issuer.h"

/*
 * A status list token of the issuer; NULL: it has no such list.  *max_age: seconds for
 * which whoever hands it on may keep it, so that with the ttl in it what it says is
 * never older than twice pgtoken.status_list_ttl.
 */
extern char *status_list_token(const Issuer *issuer, PgtcStatusList list, int *max_age);

#endif /* PGT_STATUS_LIST_TOKEN_H */
