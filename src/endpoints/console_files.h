/*
 * console_files.h
 *		The console's pages: files that were built and installed, and where it finds itself.
 */
#ifndef PGT_CONSOLE_FILES_H
#define PGT_CONSOLE_FILES_H

#include "base/compat.h"

#include "http/http.h"

#define CONSOLE_PATH "/oauth2/console" /* below the issuer */

/* without the slash, to where it has one */
extern char *console_files_home(HttpExchange *x);
extern char *console_files_index(HttpExchange *x);

/* a file of this name */
extern char *console_files(HttpExchange *x);

/* what the console has to know to sign in: a JSON object, no secret */
extern char *console_files_configuration(HttpExchange *x);

#endif /* PGT_CONSOLE_FILES_H */
