/*
 * share_file.h
 *		Files that were installed with the extension, in PostgreSQL's share directory.
 */
#ifndef PGT_SHARE_FILE_H
#define PGT_SHARE_FILE_H

#include "base/compat.h"

#include "core/base/slice.h"

/*
 * The bytes of a file of a folder below the share directory; false: there is none, it is
 * no plain file, or too large.  Kept by the backend for as long as the file stays what it
 * is: valid until the next call.  name: looked at by the caller, has no slash and is not
 * hidden.
 */
extern bool share_file_read(const char *folder, const char *name, PgtcSlice *out);

#endif /* PGT_SHARE_FILE_H */
