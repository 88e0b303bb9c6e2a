/*
 * names.h
 *		Lists of names that stand in one table each, whoever asks for them.
 */
#ifndef PGT_NAMES_H
#define PGT_NAMES_H

#include "base/compat.h"

/* the n-th name of a list, from 0; NULL past its end */
typedef const char *(*Names)(int n);

/* where it stands; -1: nowhere */
extern int names_find(Names names, const char *name);

/* all of them in a row, palloc'd */
extern char *names_joined(Names names, const char *separator);

#endif /* PGT_NAMES_H */
