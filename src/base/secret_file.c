/*
 * secret_file.c
 *		Small files with a secret in them, which a setting names.
 */
#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"

#include "core/base/crypto.h"

/* the rule PostgreSQL has for TLS keys: ours and private, or root's and at most group-readable */
static bool
is_private(const struct stat *st)
{
	if (st->st_uid == geteuid())
		return (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
	return st->st_uid == 0 && (st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

const char *
secret_file_read(const char *setting, const char *path, char *content, size_t size, size_t *len)
{
	struct stat st;
	ssize_t n;
	int fd;

	/* O_NONBLOCK: a named pipe must not hold us up before it is refused */
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return psprintf("%s cannot be opened: %m", setting);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
	{
		CloseTransientFile(fd);
		return psprintf("%s is not a regular file", setting);
	}
	if (!is_private(&st))
	{
		CloseTransientFile(fd);
		return psprintf("%s must belong to the server's user with mode 0600 or less, or to root "
						"with mode 0640 or less",
						setting);
	}
	n = read(fd, content, size);
	CloseTransientFile(fd);
	if (n < 0 || (size_t) n == size)
	{
		pgtc_crypto_wipe(content, size);
		return psprintf(n < 0 ? "%s cannot be read" : "%s is too long", setting);
	}
	*len = (size_t) n;
	return NULL;
}
