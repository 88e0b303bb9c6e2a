/*
 * settings.h
 *		The settings of pgtoken_fastcgi; their meaning stands in settings.c.
 */
#ifndef PGT_FASTCGI_SETTINGS_H
#define PGT_FASTCGI_SETTINGS_H

#include "base/compat.h"

extern int settings_backlog;
extern int settings_connection_timeout;
extern char *settings_listen;
extern int settings_lock_timeout;
extern char *settings_role;
extern char *settings_shard_location;
extern char *settings_socket_group;
extern char *settings_socket_mode;
extern int settings_statement_timeout;
extern int settings_workers;

/* while the postmaster loads the module */
extern void settings_init(void);

#endif /* PGT_FASTCGI_SETTINGS_H */
