/*
 * explanation.h
 *		Why a request was refused, and what to do: one sentence for each reason.
 */
#ifndef PGT_EXPLANATION_H
#define PGT_EXPLANATION_H

#include "base/compat.h"

#include "base/errors.h"

/* for administrators, not for who was refused; NULL: there is none, which a test forbids */
extern const char *explanation(PgtErr err);

/* what the application's pages refuse, by the reason in the audit; n from 0, false behind the last */
extern bool explanation_of_page(int n, const char **reason, const char **sentence);

#endif /* PGT_EXPLANATION_H */
