/*
 * dlopen.c
 *		dlopen as the C library has it, preloaded before AddressSanitizer's.
 *
 * That one refuses RTLD_DEEPBIND, without which jansson and libjwt would call the
 * server's functions of the same names (src/base/libs.c).  What they allocate they
 * free themselves, so that it does no harm that they then have the C library's malloc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

void *
dlopen(const char *path, int flags)
{
	static void *(*real)(const char *, int);

	if (real == 0)
	{
		void *(*next)(const char *, int);

		/* the next one in order is AddressSanitizer's, which may be asked for this */
		*(void **) &next = dlsym(RTLD_NEXT, "dlopen");
		*(void **) &real = dlsym(next("libc.so.6", RTLD_NOW | RTLD_NOLOAD), "dlopen");
	}
	return real(path, flags);
}
