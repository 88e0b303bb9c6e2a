/*
 * audit.c
 *		The audit log.
 *
 * Rows are inserted as the owner of the extension.  session_user
 * and the role in effect are those of the caller: SECURITY DEFINER changes
 * neither of the two that are recorded.
 */
#include "tables/audit.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "base/errors.h"
#include "base/glue.h"
#include "base/request_mark.h"
#include "base/moment.h"
#include "base/random.h"
#include "base/refused.h"
#include "base/store.h"
#include "core/base/uuid.h"
#include "tables/audit_leaf.h"

/* how deep triggers may call us from within us */
#define SCOPES_MAX 32

static const AuditScope no_scope = {.client_id = NULL};

/* copies: the use case's own may lie on a stack that an error has unwound */
static struct
{
	AuditScope scope;
	int nest_level;
} scopes[SCOPES_MAX];

static int depth = 0;

static void
forget_scopes(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
	{
		depth = 0;
		request_mark_forget();
	}
}

/* those of the subtransaction that ends, not of a use case that goes on around it */
static void
forget_scopes_sub(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	(void) subid;
	(void) parent;
	(void) arg;
	while (event == SUBXACT_EVENT_ABORT_SUB && depth > 0 &&
		   scopes[depth - 1].nest_level >= GetCurrentTransactionNestLevel())
		depth--;
}

void
audit_init(void)
{
	RegisterXactCallback(forget_scopes, NULL);
	RegisterSubXactCallback(forget_scopes_sub, NULL);
}

void
audit_enter(const AuditScope *scope)
{
	if (depth == SCOPES_MAX)
		ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
						errmsg("pgtoken functions call each other too deeply"),
						errhint("Look for triggers on tables of pgtoken.")));
	scopes[depth].scope = *scope;
	scopes[depth].nest_level = GetCurrentTransactionNestLevel();
	depth++;
}

void
audit_leave(void)
{
	depth--;
}

const AuditScope *
audit_scope(void)
{
	return depth > 0 ? &scopes[depth - 1].scope : &no_scope;
}

static const char *
role_name(Oid role)
{
	const char *name = GetUserNameFromId(role, true);

	return name ? name : "dropped role"; /* a session may outlive its role */
}

static StoreQuery reuse_note_query =
	STORE_QUERY("reuse note", STORE_WRITES,
				"INSERT INTO pgtoken.reused_families (grant_id, noted_at) VALUES ($1, $2) "
				"ON CONFLICT DO NOTHING");

/*
 * So that maintenance finds what it has to keep for longer.  Here, not where a
 * family ends: that may have happened before, by a logout for one.
 */
static void
note_reuse(const AuditEvent *event, TimestampTz at)
{
	StoreArgs args = {0};

	if (event->grant_id == NULL || event->reason == NULL ||
		(strcmp(event->reason, errors_info(PGT_ERR_TOKEN_REUSED)->reason) != 0 &&
		 strcmp(event->reason, errors_info(PGT_ERR_CODE_REUSED)->reason) != 0))
		return;
	store_arg_uuid(&args, event->grant_id);
	store_arg_time(&args, at);
	store_run(&reuse_note_query, &args, NULL, NULL);
}

/* inet_client_addr() of this session, which stays the same; NULL: no network */
static const inet *
client_addr(void)
{
	static bool known = false;
	static inet *addr = NULL;

	if (!known)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		Datum value;
		LOCAL_FCINFO(call, 0);

		InitFunctionCallInfoData(*call, NULL, 0, InvalidOid, NULL, NULL);
		value = inet_client_addr(call);
		if (!call->isnull)
			addr = DatumGetInetPP(value);
		MemoryContextSwitchTo(old);
		known = true;
	}
	return addr;
}

void
audit_args(StoreArgs *args)
{
	const inet *addr;
	uint8_t proof[PGTC_LEAF_FRESH_LEN];

	/* a transaction that may not write has no number: it is for the statement to say so */
	store_arg_value(store_named(args, "xact_id"), XID8OID,
					FullTransactionIdGetDatum(XactReadOnly ? InvalidFullTransactionId
														   : GetTopFullTransactionId()),
					false);
	store_arg_text(store_named(args, "session_user_name"), role_name(GetSessionUserId()));
	store_arg_text(store_named(args, "role_name"),
				   GetOuterUserId() == GetSessionUserId() ? NULL : role_name(GetOuterUserId()));
	store_arg_text(store_named(args, "application_name"), application_name);
	addr = client_addr();
	store_arg_value(store_named(args, "client_addr"), INETOID, InetPGetDatum(addr), addr == NULL);
	store_arg_value(store_named(args, "mark"), BYTEAOID, PointerGetDatum(request_mark_bytes()),
					request_mark_bytes() == NULL);
	audit_leaf_fresh(proof);
	store_arg_bytes(store_named(args, "proof"), proof, sizeof(proof));
}

static StoreQuery audit_insert_query =
	STORE_HOT_WRITE("audit insert", ROW_INSERT, "audit_rows", "occurred_at",
					"INSERT INTO pgtoken.audit_rows ({names}) VALUES ({values})");

void
audit_write(const AuditEvent *event)
{
	/* an id tells the time, and by that events are found */
	const TimestampTz now = event->event_id
								? moment_of_unix_us(pgtc_uuid_unix_us(event->event_id->data))
								: GetCurrentTimestamp();
	StoreArgs args = {0};
	pg_uuid_t event_id;

	if (event->event_id)
		event_id = *event->event_id;
	else
		random_uuid_at(&event_id, now);
	store_arg_uuid(store_named(&args, "grant_id"),
				   event->grant_id ? event->grant_id : &glue_no_grant);
	store_arg_time(store_named(&args, "occurred_at"), now);
	store_arg_uuid(store_named(&args, "event_id"), &event_id);
	audit_args(&args);
	store_arg_text(store_named(&args, "event"), event->event);
	store_arg_text(store_named(&args, "reason"), event->reason);
	store_arg_text(store_named(&args, "client_id"), event->client_id);
	store_arg_text(store_named(&args, "subject"), event->subject);
	store_arg_jsonb(store_named(&args, "context"), event->context);
	store_arg_jsonb(store_named(&args, "detail"), event->detail);
	store_arg_jsonb(store_named(&args, "personal"), event->personal);
	store_run(&audit_insert_query, &args, NULL, NULL);
	note_reuse(event, now);
}

void
audit_refusal(PgtErr err, const AuditEvent *event)
{
	const PgtErrInfo *info = errors_info(err);
	AuditEvent refusal = *event;

	if (!info->audited)
		return;
	refusal.reason = info->reason;
	refusal.detail = refused_detail(err, event->detail);
	audit_write(&refusal);
}
