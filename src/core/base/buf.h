/*
 * buf.h
 *		A growing byte buffer, and where the core gets memory from.
 *
 * The buffer owns its memory until pgtc_buf_free.  After an allocation failure
 * every further append is a no-op and pgtc_buf_code answers PGTC_E_NOMEM, so a
 * caller appends freely and checks once.  Growing wipes the abandoned copy:
 * buffers hold tokens.
 */
#ifndef PGT_CORE_BUF_H
#define PGT_CORE_BUF_H

#include "core/base/code.h"
#include "core/base/slice.h"

/*
 * alloc answers NULL when there is none (it must not jump: jansson and OpenSSL
 * frames may lie between); release gives one allocation back.
 */
typedef struct PgtcMem
{
	void *(*alloc)(size_t size);
	void (*release)(void *ptr);
} PgtcMem;

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
extern void pgtc_buf_append_b64url(PgtcBuf *buf, const void *data, size_t len);

/* append the bytes that the text stands for; nothing unless PGTC_OK */
extern PgtcCode pgtc_buf_decode_b64url(PgtcBuf *buf, PgtcSlice text);

#endif /* PGT_CORE_BUF_H */
