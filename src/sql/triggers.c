/*
 * triggers.c
 *		Trigger functions: audit, append-only, cache invalidation.
 *
 * They run as the owner of the extension, whoever wrote the row: SECURITY
 * DEFINER, but for the one on grants, where only the owner can write.  A restore
 * (COPY into our tables) is not audited row by row: the audit log is part of
 * what is being restored.  Nor is what logical replication applies.
 */
#include "base/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "replication/logicalworker.h"
#include "tcop/cmdtag.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "tcop/pquery.h"
#include "utils/portal.h"
#include "utils/rel.h"

#include "base/cache.h"
#include "base/configuration.h"
#include "base/glue.h"
#include "base/object.h"
#include "base/shard.h"
#include "core/base/buf.h"
#include "core/base/json_write.h"
#include "core/base/slice.h"
#include "tables/audit.h"
#include "tables/audit_leaf.h"
#include "tables/signal_stream.h"

PG_FUNCTION_INFO_V1(pgt_audit_grant);
PG_FUNCTION_INFO_V1(pgt_audit_row);
PG_FUNCTION_INFO_V1(pgt_append_only);
PG_FUNCTION_INFO_V1(pgt_guard_configuration);
PG_FUNCTION_INFO_V1(pgt_guard_shard);
PG_FUNCTION_INFO_V1(pgt_invalidate);
PG_FUNCTION_INFO_V1(pgt_signals_wanted);

static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *function, int args)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || data->tg_trigger->tgnargs < args)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("pgtoken.%s can only be called as a trigger of pgtoken's own tables",
							   function)));
	return data;
}

static TriggerData *
row_trigger_data(FunctionCallInfo fcinfo, const char *function, int args)
{
	TriggerData *data = trigger_data(fcinfo, function, args);

	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event) || !TRIGGER_FIRED_AFTER(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("pgtoken.%s must be fired AFTER, FOR EACH ROW", function)));
	return data;
}

/*
 * Has the row been audited elsewhere?  One that logical replication applies was
 * where it was written.  Or is the statement a COPY into one of our own tables?
 * Only a superuser can do that.  Any other COPY, such as one that calls our
 * functions in a query or in a trigger of the caller's table, is work to be audited.
 */
static bool
restoring(Oid schema)
{
	CopyStmt *copy;
	Oid target;

	if (IsLogicalWorker())
		return true;
	if (ActivePortal == NULL || ActivePortal->commandTag != CMDTAG_COPY ||
		list_length(ActivePortal->stmts) != 1)
		return false;
	copy = (CopyStmt *) linitial_node(PlannedStmt, ActivePortal->stmts)->utilityStmt;
	if (copy == NULL || !IsA(copy, CopyStmt) || !copy->is_from || copy->relation == NULL)
		return false;
	target = RangeVarGetRelid(copy->relation, NoLock, true);
	return OidIsValid(target) && get_rel_namespace(target) == schema;
}

static bool
is_configuration(const TriggerDesc *triggers)
{
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		if (strcmp(triggers->triggers[i].tgname, "configuration") == 0)
			return true;
	}
	return false;
}

/* what subjects have is on one shard: a factor or a used id that was on two would be good twice */
static void
refuse_from_shard(const TriggerData *data)
{
	if (!IsLogicalWorker() || is_configuration(data->tg_relation->trigdesc) ||
		(shard_here().count == 0 && !configuration_is_elsewhere()))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
			 errmsg("what subjects have is not replicated between shards"),
			 errdetail("A subscription brings rows of \"%s\".",
					   RelationGetRelationName(data->tg_relation)),
			 errhint("Drop it; configure_as_subscriber() brings the tables of the configuration, "
					 "and no others.")));
}

static Datum
column_value(TriggerData *data, HeapTuple tuple, const char *column, bool *is_null)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), column) == 0)
			return heap_getattr(tuple, i + 1, desc, is_null);
	}
	elog(ERROR, "column \"%s\" is missing", column);
}

/* false when the table has no such column of this type, or the value is NULL */
static bool
column_of_type(TriggerData *data, HeapTuple tuple, const char *column, Oid type, Datum *value)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		bool is_null;

		if (attribute->attisdropped || attribute->atttypid != type ||
			strcmp(NameStr(attribute->attname), column) != 0)
			continue;
		*value = heap_getattr(tuple, i + 1, desc, &is_null);
		return !is_null;
	}
	return false;
}

static char *
column_text(TriggerData *data, HeapTuple tuple, const char *column)
{
	Datum value;

	return column_of_type(data, tuple, column, TEXTOID, &value) ? TextDatumGetCString(value) : NULL;
}

static Jsonb *
column_jsonb(TriggerData *data, HeapTuple tuple, const char *column)
{
	Datum value;

	return column_of_type(data, tuple, column, JSONBOID, &value) ? DatumGetJsonbP(value) : NULL;
}

/* where in the event a column goes */
typedef enum Place
{
	IN_DETAIL,
	NOWHERE, /* in the list that is the trigger's second argument */
	IN_PERSONAL /* in that which is the third */
} Place;

/* one list is one argument: the executor copies each of them whenever it writes to the table */
static bool
is_listed(const Trigger *trigger, int arg, const char *column)
{
	const char *name = arg < trigger->tgnargs ? trigger->tgargs[arg] : "";
	size_t len;

	for (; *name; name += len + strspn(name + len, ", "))
	{
		len = strcspn(name, ", ");
		if (strlen(column) == len && strncmp(name, column, len) == 0)
			return true;
	}
	return false;
}

static Place
place_of(const Trigger *trigger, const char *column)
{
	return is_listed(trigger, NOWHERE, column)		 ? NOWHERE
		   : is_listed(trigger, IN_PERSONAL, column) ? IN_PERSONAL
													 : IN_DETAIL;
}

/* one member per column of that place: JSON's own types for booleans and jsonb, text for the rest */
static void
write_row(TriggerData *data, HeapTuple tuple, Place place, PgtcBuf *buf)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	const int utc = 0;

	pgtc_buf_append_str(buf, "{");
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Oid output;
		bool is_varlena;
		bool is_null;
		Datum value;
		char *printed;

		if (attribute->attisdropped ||
			place_of(data->tg_trigger, NameStr(attribute->attname)) != place)
			continue;
		value = heap_getattr(tuple, i + 1, desc, &is_null);
		if (is_null)
			continue;
		if (attribute->atttypid == TIMESTAMPTZOID)
			/* ISO 8601, whatever DateStyle the session has */
			printed = JsonEncodeDateTime(NULL, value, TIMESTAMPTZOID, &utc);
		else
		{
			getTypeOutputInfo(attribute->atttypid, &output, &is_varlena);
			printed = OidOutputFunctionCall(output, value);
		}
		if (attribute->atttypid == JSONBOID || attribute->atttypid == BOOLOID ||
			attribute->atttypid == INT4OID)
		{
			if (buf->data[buf->len - 1] != '{')
				pgtc_buf_append_str(buf, ",");
			pgtc_json_write_string(buf, pgtc_slice_str(NameStr(attribute->attname)));
			pgtc_buf_append_str(buf, ":");
			if (attribute->atttypid == BOOLOID)
				printed = DatumGetBool(value) ? "true" : "false";
			pgtc_buf_append_str(buf, printed);
		}
		else
			pgtc_json_write_member(buf, NameStr(attribute->attname), pgtc_slice_str(printed));
	}
	pgtc_buf_append_str(buf, "}");
}

static Jsonb *
rows_in(TriggerData *data, HeapTuple before, HeapTuple after, Place place)
{
	PgtcBuf buf;

	pgtc_buf_init(&buf, &glue_mem);
	pgtc_buf_append_str(&buf, "{");
	if (before)
	{
		pgtc_buf_append_str(&buf, "\"before\":");
		write_row(data, before, place, &buf);
	}
	if (after)
	{
		pgtc_buf_append_str(&buf, before ? ",\"after\":" : "\"after\":");
		write_row(data, after, place, &buf);
	}
	pgtc_buf_append_str(&buf, "}");
	return object_of_buf(&buf);
}

static void
before_and_after(TriggerData *data, HeapTuple before, HeapTuple after, AuditEvent *event)
{
	event->detail = rows_in(data, before, after, IN_DETAIL);
	if (data->tg_trigger->tgnargs > IN_PERSONAL)
		event->personal = rows_in(data, before, after, IN_PERSONAL);
}

/* the row before (NULL for INSERT) and after (NULL for DELETE) */
static void
rows_of(TriggerData *data, HeapTuple *before, HeapTuple *after)
{
	*before = TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_trigtuple;
	*after = TRIGGER_FIRED_BY_INSERT(data->tg_event)   ? data->tg_trigtuple
			 : TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple
													   : NULL;
}

static const char *
verb_of(HeapTuple before, HeapTuple after)
{
	return before == NULL ? "created" : after == NULL ? "deleted" : "changed";
}

Datum
pgt_audit_row(PG_FUNCTION_ARGS)
{
	TriggerData *data = row_trigger_data(fcinfo, "audit_row", 1);
	const AuditScope *scope = audit_scope();
	AuditEvent event = {0};
	HeapTuple before;
	HeapTuple after;
	HeapTuple row;
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	bool is_null;
	bool per_family;

	refuse_from_shard(data);
	rows_of(data, &before, &after);
	if (restoring(RelationGetNamespace(data->tg_relation)) || (after == NULL && scope->forgetting))
		return PointerGetDatum(NULL);
	row = after ? after : before;
	per_family = strcmp(NameStr(TupleDescAttr(desc, 0)->attname), "grant_id") == 0;

	event.grant_id = per_family ? DatumGetUUIDP(heap_getattr(row, 1, desc, &is_null)) : NULL;
	event.event = psprintf("%s.%s", data->tg_trigger->tgargs[0], verb_of(before, after));
	event.reason = column_text(data, row, "reason");
	event.client_id = column_text(data, row, "client_id");
	if (event.client_id == NULL)
		event.client_id = scope->client_id;
	event.subject = column_text(data, row, "subject");
	if (event.subject == NULL)
		event.subject = scope->subject;
	event.context = scope->context;
	if (event.context == NULL && before == NULL)
		event.context = column_jsonb(data, row, "context");
	before_and_after(data, before, after, &event);
	audit_write(&event);
	return PointerGetDatum(NULL);
}

static bool
is_null_column(TriggerData *data, HeapTuple tuple, const char *column)
{
	bool is_null;

	(void) column_value(data, tuple, column, &is_null);
	return is_null;
}

/* maintenance writes one event for many rows, none of which matters any more */
static bool
is_purged(HeapTuple after)
{
	return after == NULL && audit_scope()->purging;
}

/* of a family that got no tokens; short: the grant itself is there to be read */
static Jsonb *
issued_detail(TriggerData *data, HeapTuple row)
{
	Object detail;

	object_begin(&detail);
	object_string(&detail, "scope", column_text(data, row, "scope"));
	object_bool(&detail, "refresh_token", !is_null_column(data, row, "generation"));
	return object_end(&detail);
}

/* its first answer, which is written next, says it in the ledger */
static bool
is_answered(HeapTuple before)
{
	return before == NULL && audit_scope()->answers;
}

Datum
pgt_audit_grant(PG_FUNCTION_ARGS)
{
	TriggerData *data = row_trigger_data(fcinfo, "audit_grant", 1);
	AuditEvent event = {0};
	HeapTuple before;
	HeapTuple after;
	HeapTuple row;
	bool is_null;

	refuse_from_shard(data);
	rows_of(data, &before, &after);
	row = after ? after : before;

	if (restoring(RelationGetNamespace(data->tg_relation)) || is_purged(after) ||
		is_answered(before))
		return PointerGetDatum(NULL);

	event.grant_id = DatumGetUUIDP(column_value(data, row, "grant_id", &is_null));
	event.client_id = column_text(data, row, "client_id");
	event.subject = column_text(data, row, "subject");
	event.context = audit_scope()->context;
	if (before && after && is_null_column(data, before, "revoked_at") &&
		!is_null_column(data, after, "revoked_at"))
	{
		Object detail;
		Datum generation = column_value(data, after, "generation", &is_null);

		event.event = "grant.revoked";
		event.reason = column_text(data, after, "revoke_reason");
		object_begin(&detail);
		if (!is_null)
			object_int(&detail, "generation", DatumGetInt32(generation));
		event.detail = object_end(&detail);
	}
	else if (before == NULL)
	{
		event.event = "grant.issued";
		event.detail = issued_detail(data, after);
	}
	else
	{
		event.event = after == NULL ? "grant.deleted" : "grant.changed";
		event.reason = audit_scope()->reason;
		before_and_after(data, before, after, &event);
	}
	audit_write(&event);
	return PointerGetDatum(NULL);
}

/* whoever asks: what is left has to be what was there, but for the person or the place */
static bool
is_redaction(TriggerData *data)
{
	return audit_scope()->redacting && TRIGGER_FIRED_BY_UPDATE(data->tg_event) &&
		   TRIGGER_FIRED_FOR_ROW(data->tg_event) &&
		   audit_leaf_redacts(audit_leaf_table(RelationGetDescr(data->tg_relation)),
							  data->tg_trigtuple, data->tg_newtuple);
}

Datum
pgt_append_only(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "append_only", 0);

	if (is_redaction(data))
		return PointerGetDatum(data->tg_newtuple);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is append-only", RelationGetRelationName(data->tg_relation)),
			 errhint("Old rows leave by dropping partitions: SELECT * FROM "
					 "pgtoken.maintain().")));
}

/*
 * BEFORE: what a subscriber has from its primary is changed by what replication applies and
 * by nothing else.  One row of its own would let that fail for ever.
 */
Datum
pgt_guard_configuration(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "guard_configuration", 0);

	if (!IsLogicalWorker() && configuration_is_elsewhere())
		configuration_refuse_write();
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple
																   : data->tg_trigtuple);
}

/* BEFORE: for a table that is of each shard alone, and is not audited */
Datum
pgt_guard_shard(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "guard_shard", 0);

	refuse_from_shard(data);
	return PointerGetDatum(data->tg_trigtuple);
}

Datum
pgt_invalidate(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, "invalidate", 1);

	CacheEpoch epoch =
		strcmp(data->tg_trigger->tgargs[0], "config") == 0 ? CACHE_CONFIG : CACHE_REVOCATION;

	/* what is purged has no living access token here that could be remembered */
	if (epoch == CACHE_REVOCATION && TRIGGER_FIRED_BY_DELETE(data->tg_event) &&
		audit_scope()->purging)
		return PointerGetDatum(NULL);
	cache_invalidate(epoch);
	return PointerGetDatum(NULL);
}

/* asked by the conditions of triggers, before any of them runs */
Datum
pgt_signals_wanted(PG_FUNCTION_ARGS)
{
	/* what is purged was over, or is another shard's to tell of */
	PG_RETURN_BOOL(!audit_scope()->purging &&
				   !restoring(get_func_namespace(fcinfo->flinfo->fn_oid)) && signal_stream_any());
}
