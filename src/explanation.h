/*
 * explanation.h
 *		Why a request was refused, and what to do: one sentence for each reason.
 */
#ifndef PGT_EXPLANATION_H
#define PGT_EXPLANATION_H

#include "compat.h"

#include "errors.h"

/* for administrators, not for who was refused; NULL: there is none, which a test forbids */
extern const char *explanation(PgtErr err);

#endif /* PGT_EXPLANATION_H */
