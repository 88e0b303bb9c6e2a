/*
 * deflate.c
 *		Compressed bytes, by zlib.
 */
#include <zlib.h>

#include "core/base/deflate.h"

PgtcCode
pgtc_deflate(const uint8_t *data, size_t len, PgtcBuf *out)
{
	size_t start = out->len;
	uLongf compressed = compressBound(len);
	char *end = pgtc_buf_extend(out, compressed);
	int result;

	if (end == NULL)
		return PGTC_E_NOMEM;
	result = compress2((Bytef *) end, &compressed, data, len, Z_BEST_COMPRESSION);
	pgtc_buf_truncate(out, start + (result == Z_OK ? compressed : 0));
	/* the room is enough and the level is right: memory is all that zlib can lack */
	return result == Z_OK ? PGTC_OK : PGTC_E_NOMEM;
}
