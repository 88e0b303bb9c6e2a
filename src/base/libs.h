/*
 * libs.h
 *		Loading libjwt and jansson so that they do not meet PostgreSQL's symbols.
 */
#ifndef PGT_LIBS_H
#define PGT_LIBS_H

#include "base/compat.h"

/* called from _PG_init, before anything of the core runs */
extern void libs_init(void);

#endif /* PGT_LIBS_H */
