/*
 * plain_object.h
 *		A member of a JSON object of strings, as its text has it.
 *
 * For the headers of a request, where making a tree of all of them takes several times
 * as long as what is asked of one.
 */
#ifndef PGT_CORE_PLAIN_OBJECT_H
#define PGT_CORE_PLAIN_OBJECT_H

#include "core/base/slice.h"

/*
 * The last of the name; it points into the text.  data == NULL: it is not there, it has
 * escapes, or the text is not as plain as {"name": "value", ...} with spaces at most:
 * then a reader of JSON has to be asked.
 */
extern PgtcSlice pgtc_plain_object_get(PgtcSlice json, const char *name);

/*
 * The same where the other members may be anything: a string that is a member of the
 * object itself, and of none inside.  What is not JSON may be taken for it.
 */
extern PgtcSlice pgtc_plain_object_string(PgtcSlice json, const char *name);

#endif /* PGT_CORE_PLAIN_OBJECT_H */
