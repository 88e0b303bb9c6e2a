/*
 * listener.h
 *		The sockets that web servers connect to.
 *
 * The postmaster makes them while it loads the module, so that they outlive the
 * crash of any other process, what waits in them included; workers and launcher
 * inherit them.
 */
#ifndef PGT_FASTCGI_LISTENER_H
#define PGT_FASTCGI_LISTENER_H

#include "base/compat.h"

#define LISTENER_MAX 16
#define LISTENER_ADDRESS_MAX 108
#define LISTENER_HINT "Write it like: shop=/run/pgtoken/shop.sock, bank=127.0.0.1:9000."

typedef struct Listener
{
	char database[NAMEDATALEN];
	char address[LISTENER_ADDRESS_MAX]; /* as the setting has it */
	int fd;
	int lock_fd; /* of the file beside a path; -1: it has none */
} Listener;

extern Listener listener_of[LISTENER_MAX];
extern int listener_count;

/* NULL, or what is wrong with the setting's text, in English */
extern const char *listener_check(const char *text);

/* all that pgtoken_fastcgi.listen names; FATAL where one cannot be made */
extern void listener_open(void);

/* connections that wait to be accepted; -1: that is not known here */
extern int listener_queue(const Listener *listener);

#endif /* PGT_FASTCGI_LISTENER_H */
