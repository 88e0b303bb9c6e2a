/*
 * audit.c
 *		The audit log.
 *
 * Rows are inserted through SQL as the owner of the extension.  session_user
 * and the role in effect are those of the caller: SECURITY DEFINER changes
 * neither of the two that are recorded.
 */
#include "audit.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "glue.h"
#include "store.h"

static const AuditScope no_scope = {NULL, NULL, NULL, false};
static const AuditScope *current_scope = &no_scope;

/* the scope lives in memory that an abort frees */
static void
forget_scope(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_ABORT)
		current_scope = &no_scope;
}

static void
forget_scope_sub(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	(void) subid;
	(void) parent;
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		current_scope = &no_scope;
}

void
pgt_audit_init(void)
{
	RegisterXactCallback(forget_scope, NULL);
	RegisterSubXactCallback(forget_scope_sub, NULL);
}

const AuditScope *
pgt_audit_enter(const AuditScope *scope)
{
	const AuditScope *previous = current_scope;

	current_scope = scope;
	return previous;
}

void
pgt_audit_leave(const AuditScope *previous)
{
	current_scope = previous;
}

const AuditScope *
pgt_audit_scope(void)
{
	return current_scope;
}

static const char *
role_name(Oid role)
{
	const char *name = GetUserNameFromId(role, true);

	return name ? name : "dropped role"; /* a session may outlive its role */
}

void
pgt_audit_write(const AuditEvent *event)
{
	StoreArgs args = {0};
	pg_uuid_t event_id;

	pgt_new_uuid(&event_id);
	store_arg_uuid(&args, event->grant_id ? event->grant_id : &pgt_no_grant);
	store_arg_uuid(&args, &event_id);
	store_arg_time(&args, GetCurrentTimestamp());
	store_arg_text(&args, event->event);
	store_arg_text(&args, event->reason);
	store_arg_text(&args, event->client_id);
	store_arg_text(&args, event->subject);
	store_arg_name(&args, role_name(GetSessionUserId()));
	store_arg_name(&args, role_name(GetOuterUserId()));
	store_arg_text(&args, application_name);
	store_arg_jsonb(&args, event->context);
	store_arg_jsonb(&args, event->detail);
	store_run(STORE_AUDIT_INSERT, &args, NULL, NULL);
}
