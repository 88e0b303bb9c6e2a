/*
 * json_write.h
 *		JSON into a buffer.
 */
#ifndef PGT_CORE_JSON_WRITE_H
#define PGT_CORE_JSON_WRITE_H

#include "core/base/buf.h"

/* a JSON string with its quotes; input is UTF-8 (RFC 8259 section 7 escapes) */
extern void pgtc_json_write_string(PgtcBuf *buf, PgtcSlice value);

/*
 * Members of the object being written.  Each puts the comma it needs: the
 * object is open when the last byte is not '{'.  A slice with data == NULL or
 * a list with n < 0 is absent and writes nothing.
 */
extern void pgtc_json_write_member(PgtcBuf *buf, const char *name, PgtcSlice value);
extern void pgtc_json_write_member_json(PgtcBuf *buf, const char *name,
										PgtcSlice json); /* spliced in as it is */
extern void pgtc_json_write_member_int(PgtcBuf *buf, const char *name, int64_t value);
extern void pgtc_json_write_member_strings(PgtcBuf *buf, const char *name, const PgtcSlice *values,
										   int n);

#endif /* PGT_CORE_JSON_WRITE_H */
