/*
 * buf.h
 *		A growing byte buffer and the JSON writer on top of it.
 *
 * The buffer owns its memory until pgtc_buf_free.  After an allocation failure
 * every further append is a no-op and pgtc_buf_code answers PGTC_E_NOMEM, so a
 * caller appends freely and checks once.  Growing wipes the abandoned copy:
 * buffers hold tokens.
 */
#ifndef PGT_CORE_BUF_H
#define PGT_CORE_BUF_H

#include "core/base/code.h"

typedef struct PgtcBuf
{
	const PgtcMem *mem;
	char *data; /* always NUL-terminated once anything was appended */
	size_t len;
	size_t cap;
	bool failed;
} PgtcBuf;

extern void pgtc_buf_init(PgtcBuf *buf, const PgtcMem *mem);
extern void pgtc_buf_free(PgtcBuf *buf); /* wipes, releases, leaves an empty buffer */
extern PgtcCode pgtc_buf_code(const PgtcBuf *buf);

/* append len bytes for the caller to fill in; NULL when there is no memory */
extern char *pgtc_buf_extend(PgtcBuf *buf, size_t len);

/* forget, and wipe, what lies behind the first len bytes */
extern void pgtc_buf_truncate(PgtcBuf *buf, size_t len);
extern void pgtc_buf_append(PgtcBuf *buf, const void *data, size_t len);
extern void pgtc_buf_append_str(PgtcBuf *buf, const char *str);
extern void pgtc_buf_append_int(PgtcBuf *buf, int64_t value);
extern void pgtc_buf_append_b64url(PgtcBuf *buf, const void *data, size_t len);

/* a JSON string with its quotes; input is UTF-8 (RFC 8259 section 7 escapes) */
extern void pgtc_json_string(PgtcBuf *buf, PgtcSlice value);

/*
 * Members of the object being written.  Each puts the comma it needs: the
 * object is open when the last byte is not '{'.  A slice with data == NULL or
 * a list with n < 0 is absent and writes nothing.
 */
extern void pgtc_json_member_string(PgtcBuf *buf, const char *name, PgtcSlice value);
extern void pgtc_json_member_json(PgtcBuf *buf, const char *name,
								  PgtcSlice json); /* spliced in as it is */
extern void pgtc_json_member_int(PgtcBuf *buf, const char *name, int64_t value);
extern void pgtc_json_member_strings(PgtcBuf *buf, const char *name, const PgtcSlice *values,
									 int n);

#endif /* PGT_CORE_BUF_H */
