/*
 * answer_url.h
 *		URLs that a browser is sent to.
 */
#ifndef PGT_ANSWER_URL_H
#define PGT_ANSWER_URL_H

#include "base/compat.h"

/* the URL with one parameter more, unless the value is NULL */
extern char *answer_url_with(const char *url, const char *name, const char *value);

#endif /* PGT_ANSWER_URL_H */
