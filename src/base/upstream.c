/*
 * upstream.c
 *		Questions to another database: that which a connection string names.
 */
#include "base/upstream.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "replication/walreceiver.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define APPLICATION "pgtoken configuration"
#define PATIENCE_WORDS                                                                \
	"connect_timeout=10 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 " \
	"tcp_user_timeout=20000 "
#define PATIENCE_QUERY                                                                \
	"connect_timeout=10&keepalives_idle=10&keepalives_interval=5&keepalives_count=3&" \
	"tcp_user_timeout=20000"

struct Upstream
{
	WalReceiverConn *conn;
};

/* a server that is gone without a word must not hold up who asks for hours */
static char *
with_patience(const char *conninfo)
{
	if (strncmp(conninfo, "postgresql://", 13) != 0 && strncmp(conninfo, "postgres://", 11) != 0)
		return psprintf(PATIENCE_WORDS "%s", conninfo);
	return psprintf("%s%s" PATIENCE_QUERY, conninfo, strchr(conninfo, '?') ? "&" : "?");
}

Upstream *
upstream_connect(const char *conninfo, char **problem)
{
	Upstream *upstream = palloc0(sizeof(Upstream));

	load_file("libpqwalreceiver", false);
	*problem = NULL;
	upstream->conn = compat_walrcv_connect(with_patience(conninfo), APPLICATION, problem);
	return upstream->conn ? upstream : NULL;
}

void
upstream_close(Upstream *upstream)
{
	walrcv_disconnect(upstream->conn);
	pfree(upstream);
}

char *
upstream_place(Upstream *upstream)
{
	char *host;
	int port;

	walrcv_get_senderinfo(upstream->conn, &host, &port);
	return psprintf("host=%s port=%d", host ? host : "", port);
}

/* of settings written as "name=value name=value", secrets as asterisks */
static bool
has_setting(const char *settings, const char *setting)
{
	size_t len = strlen(setting);

	for (const char *at = settings; (at = strstr(at, setting)) != NULL; at += len)
	{
		if ((at == settings || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	}
	return false;
}

/* each of the hosts, as the next connection may be to another one; an address goes before a host */
static bool
names_only_sockets(const char *settings)
{
	if (strstr(settings, "hostaddr=") != NULL)
		return false;
	for (const char *at = settings; (at = strstr(at, "host=")) != NULL;)
	{
		for (at += strlen("host="); *at == '/' || *at == '@'; at += *at == ',')
			at += strcspn(at, ", ");
		if (*at != '\0' && *at != ' ')
			return false;
	}
	return true;
}

bool
upstream_is_safe(Upstream *upstream)
{
	const char *settings = walrcv_get_conninfo(upstream->conn);
	char *host;
	int port;

	walrcv_get_senderinfo(upstream->conn, &host, &port);
	if (host && (host[0] == '/' || host[0] == '@') && names_only_sockets(settings))
		return true;
	/* "require" encrypts to whoever answers; bound to the channel, who answers knows the password */
	return has_setting(settings, "sslmode=verify-full") ||
		   has_setting(settings, "sslmode=verify-ca") ||
		   (has_setting(settings, "sslmode=require") &&
			has_setting(settings, "channel_binding=require"));
}

static char *
only_value(WalRcvExecResult *result)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(result->tupledesc, &TTSOpsMinimalTuple);
	char *value = NULL;

	if (tuplestore_gettupleslot(result->tuplestore, true, false, slot))
	{
		bool is_null;
		Datum datum = slot_getattr(slot, 1, &is_null);

		if (!is_null)
			value = TextDatumGetCString(datum);
	}
	ExecDropSingleTupleTableSlot(slot);
	return value;
}

char *
upstream_ask(Upstream *upstream, const char *question, char **problem, int *sqlstate)
{
	const Oid types[] = {TEXTOID};
	WalRcvExecResult *result = walrcv_exec(upstream->conn, question, lengthof(types), types);
	char *value = NULL;

	*problem = NULL;
	*sqlstate = 0;
	if (result->status == WALRCV_OK_TUPLES)
		value = only_value(result);
	else
	{
		*problem = pstrdup(result->err ? result->err : "no answer");
		*sqlstate = result->sqlstate ? result->sqlstate : ERRCODE_CONNECTION_FAILURE;
	}
	if (value == NULL && *problem == NULL)
	{
		*problem = "no answer";
		*sqlstate = ERRCODE_NO_DATA_FOUND;
	}
	walrcv_clear_result(result);
	return value;
}
