/*
 * secret_file.h
 *		Small files with a secret in them, which a setting names.
 */
#ifndef PGT_SECRET_FILE_H
#define PGT_SECRET_FILE_H

#include "base/compat.h"

/*
 * The whole file; NULL when content holds it, otherwise what is wrong with the file
 * that the setting of this name names.  It has to be private: ours with mode 0600
 * or less, or root's with 0640 or less.  The caller wipes content.
 */
extern const char *secret_file_read(const char *setting, const char *path, char *content,
									size_t size, size_t *len);

#endif /* PGT_SECRET_FILE_H */
