/*
 * listener.c
 *		The sockets that web servers connect to.
 *
 * A path belongs to the server that holds the lock of the file beside it: what
 * stands there otherwise is what a server has left that was killed, and is removed.
 * The kernel gives the lock back when the last process that has inherited it ends.
 */
#include "fastcgi/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#endif

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "fastcgi/settings.h"

#define LOCK_TRIES \
	20 /* a tenth of a second each: a server that has just ended may not be quite gone */

typedef union Address
{
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
} Address;

Listener listener_of[LISTENER_MAX];
int listener_count = 0;

/* --- the setting ---------------------------------------------------------------- */

static bool
is_path(const char *address)
{
	return address[0] == '/';
}

static bool
read_port(const char *text, in_port_t *port)
{
	char *end;
	long number = strtol(text, &end, 10);

	*port = htons((uint16) number);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number > 0 && number <= 65535;
}

/* HOST:PORT or [HOST]:PORT, a loopback in numbers */
static socklen_t
read_loopback(const char *text, Address *out)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	in_port_t port;
	bool brackets;

	if (colon == NULL || colon == text || !read_port(colon + 1, &port))
		return 0;
	brackets = text[0] == '[' && colon[-1] == ']';
	if (colon - text >= (ptrdiff_t) sizeof(host))
		return 0;
	strlcpy(host, text + (brackets ? 1 : 0), colon - text - (brackets ? 2 : 0) + 1);
	if (brackets && inet_pton(AF_INET6, host, &out->in6.sin6_addr) == 1 &&
		IN6_IS_ADDR_LOOPBACK(&out->in6.sin6_addr))
	{
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = port;
		return sizeof(out->in6);
	}
	if (!brackets && inet_pton(AF_INET, host, &out->in.sin_addr) == 1 &&
		ntohl(out->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
	{
		out->in.sin_family = AF_INET;
		out->in.sin_port = port;
		return sizeof(out->in);
	}
	return 0;
}

/* 0: it is no address that may be listened on */
static socklen_t
read_address(const char *text, Address *out)
{
	memset(out, 0, sizeof(*out));
	if (!is_path(text))
		return read_loopback(text, out);
	if (strlen(text) >= sizeof(out->un.sun_path))
		return 0;
	out->un.sun_family = AF_UNIX;
	strcpy(out->un.sun_path, text);
	return sizeof(out->un);
}

static const char *
add_listener(const char *item, Listener *out, int *n)
{
	const char *equals = strrchr(item, '=');
	Address address;

	if (equals == NULL || equals == item)
		return "An element of the list names no database.";
	if (equals - item >= NAMEDATALEN)
		return "The name of a database is too long.";
	if (read_address(equals + 1, &address) == 0)
		return "An address is the path of a socket, of at most 107 bytes, or a loopback in numbers with a port.";
	for (int i = 0; i < *n; i++)
	{
		if (strcmp(out[i].address, equals + 1) == 0)
			return "An address is named twice.";
	}
	if (*n == LISTENER_MAX)
		return "There are more than 16 addresses.";
	strlcpy(out[*n].database, item, equals - item + 1);
	strlcpy(out[*n].address, equals + 1, sizeof(out[*n].address));
	out[*n].fd = -1;
	out[*n].lock_fd = -1;
	(*n)++;
	return NULL;
}

static const char *
read_setting(const char *text, Listener *out, int *n)
{
	char *copy = pstrdup(text);
	const char *problem = NULL;
	List *items;
	ListCell *cell;

	*n = 0;
	if (!SplitGUCList(copy, ',', &items))
		problem = "It is no list.";
	foreach (cell, items)
	{
		if (problem == NULL)
			problem = add_listener(lfirst(cell), out, n);
	}
	list_free(items);
	pfree(copy);
	return problem;
}

const char *
listener_check(const char *text)
{
	Listener listeners[LISTENER_MAX];
	int n;

	return read_setting(text, listeners, &n);
}

/* --- making them ------------------------------------------------------------------- */

static void
give_up(const Listener *listener, const char *what)
{
	int saved = errno;

	ereport(FATAL, (errcode_for_file_access(),
					errmsg("pgtoken_fastcgi cannot listen on \"%s\": could not %s: %s",
						   listener->address, what, strerror(saved))));
}

/* held until the last process of this server ends */
static void
take_lock(Listener *listener)
{
	char path[LISTENER_ADDRESS_MAX + 8];
	int tries = 0;

	snprintf(path, sizeof(path), "%s.lock", listener->address);
	listener->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (listener->lock_fd < 0)
		give_up(listener, "open its lock file");
	ReserveExternalFD();
	while (flock(listener->lock_fd, LOCK_EX | LOCK_NB) < 0)
	{
		if (errno != EWOULDBLOCK && errno != EINTR)
			give_up(listener, "lock its lock file");
		if (tries++ == LOCK_TRIES)
			ereport(FATAL,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("pgtoken_fastcgi cannot listen on \"%s\": another server does",
							listener->address),
					 errdetail("It holds the lock of \"%s\".", path),
					 errhint("Give each server an address of its own in pgtoken_fastcgi.listen.")));
		pg_usleep(100000);
	}
}

/* what a server has left behind; never anything else */
static void
remove_stale(const Listener *listener)
{
	struct stat info;

	if (lstat(listener->address, &info) < 0)
	{
		if (errno == ENOENT)
			return;
		give_up(listener, "look at its path");
	}
	if (!S_ISSOCK(info.st_mode))
		ereport(
			FATAL,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("pgtoken_fastcgi cannot listen on \"%s\": something that is no socket is there",
					listener->address)));
	if (unlink(listener->address) < 0)
		give_up(listener, "remove what a server has left there");
}

static void
set_access(const Listener *listener)
{
	if (settings_socket_group[0] != '\0')
	{
		char *end;
		unsigned long id = strtoul(settings_socket_group, &end, 10);

		if (*end != '\0')
		{
			struct group *group = getgrnam(settings_socket_group);

			if (group == NULL)
				ereport(FATAL, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("pgtoken_fastcgi.socket_group: there is no group \"%s\"",
									   settings_socket_group)));
			id = group->gr_gid;
		}
		if (chown(listener->address, (uid_t) -1, (gid_t) id) < 0)
			give_up(listener, "give it its group");
	}
	if (chmod(listener->address, (mode_t) strtol(settings_socket_mode, NULL, 8)) < 0)
		give_up(listener, "set its permissions");
}

static void
open_one(Listener *listener)
{
	Address address;
	socklen_t len = read_address(listener->address, &address);
	mode_t mask;
	int one = 1;

	listener->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		give_up(listener, "make the socket");
	/* the server's own count of files knows of it, in each process that inherits it */
	ReserveExternalFD();
	if (is_path(listener->address))
	{
		take_lock(listener);
		remove_stale(listener);
	}
	else if (setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		give_up(listener, "set SO_REUSEADDR");
	/* nobody else comes in before set_access */
	mask = umask(0177);
	if (bind(listener->fd, &address.any, len) < 0)
		give_up(listener, "bind it");
	umask(mask);
	if (is_path(listener->address))
		set_access(listener);
	if (listen(listener->fd, settings_backlog) < 0)
		give_up(listener, "listen");
}

/* at the postmaster's end alone: what it starts forgets its callbacks */
static void
remove_all(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	for (int i = 0; i < listener_count; i++)
	{
		/* some process may have inherited it and live a moment longer */
		shutdown(listener_of[i].fd, SHUT_RDWR);
		if (is_path(listener_of[i].address))
		{
			unlink(listener_of[i].address);
			flock(listener_of[i].lock_fd, LOCK_UN);
		}
	}
}

void
listener_open(void)
{
	Listener wanted[LISTENER_MAX];
	int n;
	const char *problem = read_setting(settings_listen, wanted, &n);

	if (problem)
		ereport(FATAL, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("pgtoken_fastcgi.listen is not a list of databases and addresses"),
						errdetail_internal("%s", problem), errhint(LISTENER_HINT)));
	on_proc_exit(remove_all, (Datum) 0);
	for (int i = 0; i < n; i++)
	{
		open_one(&wanted[i]);
		listener_of[listener_count++] = wanted[i];
	}
}

/* --- how many wait -------------------------------------------------------------------- */

#ifdef __linux__

/* the kernel says it of sockets with a path to whoever asks (sock_diag(7)) */
static int
unix_queue(ino_t inode)
{
	struct
	{
		struct nlmsghdr header;
		struct unix_diag_req diag;
	} request = {.header = {.nlmsg_len = sizeof(request),
							.nlmsg_type = SOCK_DIAG_BY_FAMILY,
							.nlmsg_flags = NLM_F_REQUEST},
				 .diag = {.sdiag_family = AF_UNIX,
						  .udiag_states = -1,
						  .udiag_ino = (uint32) inode,
						  .udiag_show = UDIAG_SHOW_RQLEN,
						  .udiag_cookie = {~0U, ~0U}}};
	union
	{
		struct nlmsghdr header;
		char bytes[4096];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int queue = -1;
	ssize_t len = -1;

	if (fd < 0)
		return -1;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request))
		len = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	if (len >= (ssize_t) NLMSG_LENGTH(sizeof(struct unix_diag_msg)) &&
		answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY)
	{
		struct unix_diag_msg *message = NLMSG_DATA(&answer.header);
		int left = answer.header.nlmsg_len - NLMSG_LENGTH(sizeof(*message));
		struct rtattr *attribute = (struct rtattr *) (message + 1);

		for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		{
			if (attribute->rta_type == UNIX_DIAG_RQLEN)
				queue = ((struct unix_diag_rqlen *) RTA_DATA(attribute))->udiag_rqueue;
		}
	}
	return queue;
}

int
listener_queue(const Listener *listener)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	struct stat file;

	if (is_path(listener->address))
		return fstat(listener->fd, &file) == 0 ? unix_queue(file.st_ino) : -1;
	/* of a socket that listens it is what waits in its queue */
	return getsockopt(listener->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0
			   ? (int) info.tcpi_unacked
			   : -1;
}

#else

int
listener_queue(const Listener *listener pg_attribute_unused())
{
	return -1;
}

#endif
