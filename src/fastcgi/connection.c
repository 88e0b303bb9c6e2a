/*
 * connection.c
 *		One connection of a web server.
 */
#include "fastcgi/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "fastcgi/settings.h"

#define AT_ONCE \
	3 /* ms: what a web server has begun to send is there by then; a wait set would cost more */
#define LINGER 200 /* ms */

static void *
alloc(size_t size)
{
	return palloc_extended(size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
}

static void
release(void *ptr)
{
	pfree(ptr);
}

const PgtcMem connection_mem = {alloc, release};

int
connection_accept(int listen_fd, bool tcp)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int one = 1;

	if (fd >= 0 && tcp)
		(void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

void
connection_begin(Connection *connection, int fd)
{
	connection->fd = fd;
	pgtc_fastcgi_init(&connection->fastcgi, &connection_mem, settings_workers);
}

static bool
may_try_again(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* until the socket is ready; false: the time is up */
static bool
wait_for(Connection *connection, int events, TimestampTz deadline)
{
	struct pollfd at_once = {connection->fd, events & WL_SOCKET_READABLE ? POLLIN : POLLOUT, 0};

	if (poll(&at_once, 1, AT_ONCE) > 0)
		return true;
	for (;;)
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
		int rc;

		if (left <= 0)
			return false;
		rc = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | WL_TIMEOUT | events,
							   connection->fd, left, PG_WAIT_EXTENSION);
		if (rc & WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (rc & events)
			return true;
	}
}

static TimestampTz
deadline_in(int timeout)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout);
}

static bool
write_all(Connection *connection, const char *bytes, size_t len, TimestampTz deadline)
{
	while (len > 0)
	{
		ssize_t n = send(connection->fd, bytes, len, MSG_NOSIGNAL);

		if (n > 0)
		{
			bytes += n;
			len -= (size_t) n;
		}
		else if (n == 0 || !may_try_again() || !wait_for(connection, WL_SOCKET_WRITEABLE, deadline))
			return false;
	}
	return true;
}

static bool
send_replies(Connection *connection, TimestampTz deadline)
{
	PgtcBuf *replies = &connection->fastcgi.replies;
	bool sent = write_all(connection, replies->data, replies->len, deadline);

	pgtc_buf_truncate(replies, 0);
	return sent;
}

ConnectionEnd
connection_read(Connection *connection, int timeout)
{
	TimestampTz deadline = deadline_in(timeout);
	char bytes[16384];

	for (;;)
	{
		ssize_t n = recv(connection->fd, bytes, sizeof(bytes), 0);

		if (n == 0 || (n < 0 && !may_try_again()))
			return CONNECTION_BROKEN;
		if (n < 0)
		{
			if (!wait_for(connection, WL_SOCKET_READABLE, deadline))
				return CONNECTION_STALLED;
			continue;
		}
		pgtc_fastcgi_feed(&connection->fastcgi, pgtc_slice(bytes, (size_t) n));
		if (!send_replies(connection, deadline))
			return CONNECTION_BROKEN;
		if (connection->fastcgi.state == PGTC_FASTCGI_COMPLETE)
			return CONNECTION_REQUEST;
		if (connection->fastcgi.state != PGTC_FASTCGI_READING)
			return CONNECTION_BROKEN;
		/* who sends a byte at a time has no more time than others */
		if (GetCurrentTimestamp() > deadline)
			return CONNECTION_STALLED;
	}
}

bool
connection_gone(Connection *connection)
{
	char bytes[1024];
	ssize_t n = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n == 0)
		return true;
	if (n < 0)
		return !may_try_again();
	/* something comes after the request: that it is not wanted any more, for one */
	return pgtc_fastcgi_feed(&connection->fastcgi, pgtc_slice(bytes, (size_t) n)) !=
		   PGTC_FASTCGI_COMPLETE;
}

bool
connection_write(Connection *connection, const PgtcBuf *bytes, int timeout)
{
	TimestampTz deadline = deadline_in(timeout);

	return send_replies(connection, deadline) &&
		   write_all(connection, bytes->data, bytes->len, deadline);
}

void
connection_end(Connection *connection)
{
	TimestampTz deadline = deadline_in(LINGER);
	char bytes[4096];
	ssize_t n;

	/* a close with bytes unread is a reset, which overtakes the answer */
	if (connection->fastcgi.state != PGTC_FASTCGI_COMPLETE)
	{
		shutdown(connection->fd, SHUT_WR);
		do
			n = recv(connection->fd, bytes, sizeof(bytes), 0);
		while ((n > 0 ||
				(n < 0 && may_try_again() && wait_for(connection, WL_SOCKET_READABLE, deadline))) &&
			   GetCurrentTimestamp() < deadline);
	}
	close(connection->fd);
	pgtc_fastcgi_free(&connection->fastcgi);
}
