/*
 * impersonation.h
 *		Tokens for somebody who acts for the subject, such as support (RFC 8693 section
 *		4.1): who may, and what he is called.
 */
#ifndef PGT_IMPERSONATION_H
#define PGT_IMPERSONATION_H

#include "base/compat.h"

#include "operations/issue.h"

/*
 * Makes the request one of an actor: {"sub": ..., further strings}.  ereport(22023)
 * when that is none, ereport(42501) when the session's role is no pgtoken_impersonator.
 */
extern void impersonation_begin(IssueRequest *request, Jsonb *actor);

/* the event of tokens that were issued so */
extern void impersonation_audit(const IssueRequest *request, const Grant *grant);

#endif /* PGT_IMPERSONATION_H */
