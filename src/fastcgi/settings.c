/*
 * settings.c
 *		All settings of pgtoken_fastcgi, sorted by name.
 */
#include "fastcgi/settings.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "fastcgi/listener.h"

#define WORKERS_MAX 64

int settings_backlog = 128;
int settings_connection_timeout = 2000;
char *settings_listen = NULL;
int settings_lock_timeout = 2000;
char *settings_role = NULL;
char *settings_shard_location = NULL;
char *settings_socket_group = NULL;
char *settings_socket_mode = NULL;
int settings_statement_timeout = 4000;
int settings_workers = 8;

static bool
check_listen(char **value, void **extra pg_attribute_unused(),
			 GucSource source pg_attribute_unused())
{
	const char *problem = listener_check(*value);

	/* what it begins with would be warned of and forgotten; listener_open refuses it */
	if (problem == NULL || process_shared_preload_libraries_in_progress)
		return true;
	GUC_check_errdetail("%s", problem);
	GUC_check_errhint(LISTENER_HINT);
	return false;
}

/* any other location would be asked with GET, and without the body */
static bool
check_shard_location(char **value, void **extra pg_attribute_unused(),
					 GucSource source pg_attribute_unused())
{
	static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t len = strlen(*value);

	if (len == 0 || ((*value)[0] == '@' && strspn(*value + 1, name) == len - 1))
		return true;
	GUC_check_errdetail("It is the beginning of a named location, such as @pgtoken_shard_.");
	return false;
}

static bool
check_socket_mode(char **value, void **extra pg_attribute_unused(),
				  GucSource source pg_attribute_unused())
{
	size_t len = strlen(*value);
	bool ok = len >= 3 && len <= 4 && strspn(*value, "01234567") == len &&
			  (len == 3 || (*value)[0] == '0');

	if (!ok)
		GUC_check_errdetail("It is three octal digits, such as 0660.");
	return ok;
}

void
settings_init(void)
{
	DefineCustomIntVariable(
		"pgtoken_fastcgi.backlog",
		"Connections of each address that may wait for a worker; the kernel refuses more.",
		"No more than the kernel allows (net.core.somaxconn).", &settings_backlog, 128, 1, 4096,
		PGC_POSTMASTER, 0, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken_fastcgi.connection_timeout",
		"Time that the web server has to send a request, and again to take the answer.",
		"A worker waits for no other meanwhile.  Web servers send a request when they have all of it.",
		&settings_connection_timeout, 2000, 10, 60000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken_fastcgi.listen",
		"Databases that are served, and where: database=address, ...; empty: none.",
		"An address is the path of a socket, or a port of the loopback: shop=/run/pgtoken/shop.sock, bank=127.0.0.1:9000.",
		&settings_listen, "", PGC_POSTMASTER, 0, check_listen, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken_fastcgi.lock_timeout", "Time that a request may wait for a lock; 0 is no limit.",
		NULL, &settings_lock_timeout, 2000, 0, 60000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken_fastcgi.role",
		"Role as which the workers log in; pgtoken.http_authenticator must name it.",
		"No superuser.  It needs LOGIN, and EXECUTE on pgtoken_http.handle.", &settings_role,
		"authenticator", PGC_POSTMASTER, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken_fastcgi.shard_location",
		"Named locations of nginx that lead to the other shards, without the shard's number; empty: none.",
		"With @pgtoken_shard_ what is shard 2's goes to @pgtoken_shard_2, and to @pgtoken_shard_configuration what changes the configuration.",
		&settings_shard_location, "", PGC_SUSET, 0, check_shard_location, NULL, NULL);

	DefineCustomStringVariable("pgtoken_fastcgi.socket_group",
							   "Group that the sockets belong to; empty: that of the server.", NULL,
							   &settings_socket_group, "", PGC_POSTMASTER, 0, NULL, NULL, NULL);

	DefineCustomStringVariable(
		"pgtoken_fastcgi.socket_mode", "Access permissions of the sockets, in octal.",
		"Whoever may write to a socket may say which certificate and address a request has.",
		&settings_socket_mode, "0660", PGC_POSTMASTER, 0, check_socket_mode, NULL, NULL);

	DefineCustomIntVariable("pgtoken_fastcgi.statement_timeout",
							"Time that a request may take until it commits; 0 is no limit.",
							"The commit itself is not cut short.", &settings_statement_timeout,
							4000, 0, 60000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);

	DefineCustomIntVariable(
		"pgtoken_fastcgi.workers", "Processes for each address.",
		"Each counts to max_worker_processes, and one process more starts them.", &settings_workers,
		8, 1, WORKERS_MAX, PGC_POSTMASTER, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved("pgtoken_fastcgi");
}
