/*
 * launcher.h
 *		The process that starts the workers, and answers 503 where there are none.
 */
#ifndef PGT_FASTCGI_LAUNCHER_H
#define PGT_FASTCGI_LAUNCHER_H

#include "base/compat.h"

/* in the postmaster */
extern void launcher_register(void);

extern PGDLLEXPORT void launcher_main(Datum argument);

#endif /* PGT_FASTCGI_LAUNCHER_H */
