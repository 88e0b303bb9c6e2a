/*
 * audit.h
 *		The audit log: what the triggers and the use cases write.
 *
 * A change of a row is audited by the trigger of its table; what leaves no row
 * behind (a refusal) by its use case.  The use case tells the triggers whom and
 * what it is working for through the audit scope.
 */
#ifndef PGT_AUDIT_H
#define PGT_AUDIT_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/errors.h"
#include "base/store.h"

typedef struct AuditEvent
{
	const pg_uuid_t *event_id; /* NULL: is made here; of the time of the event */
	const pg_uuid_t *grant_id; /* NULL: of no family */
	const char *event;
	const char *reason;
	const char *client_id;
	const char *subject;
	Jsonb *context;
	Jsonb *detail; /* never a token, a secret or a hash; and nothing of a person */
	Jsonb *personal; /* what would be in detail were it not of a person */
} AuditEvent;

/* what the running use case knows */
typedef struct AuditScope
{
	const char *client_id;
	const char *subject;
	Jsonb *context;
	const char *reason; /* of a change of a family, as its caller says; NULL: none */
	bool context_changed; /* a retry whose context differs from the rotation's */
	const char *
		client_auth_method; /* how the client has proved itself at an endpoint; NULL: it was not asked */
	Jsonb *decision; /* how the request was assessed; NULL: it was not */
	Jsonb *personal; /* what that tells of a person; NULL: nothing */
	bool answers; /* what is inserted has a row in the ledger, which is its event */
	bool purging; /* rows that have been over for long are deleted, audited by their number */
	bool
		forgetting; /* as purging, of rows that live on another shard: nothing was deleted that anybody had */
	bool redacting; /* rows of audit and ledger lose what tells of a person, and nothing else */
} AuditScope;

extern void audit_init(void);

/*
 * The parameters, named, that say who writes: the same columns in the audit and in the
 * ledger, whose rows are audit events as well.
 */
extern void audit_args(StoreArgs *args);

/* writes one event; event_id and time are made here, or the id that is given tells when */
extern void audit_write(const AuditEvent *event);

/*
 * The event of a refusal, where its error leaves a trace: with the error's reason, and
 * in the detail what of the request was at fault.
 */
extern void audit_refusal(PgtErr err, const AuditEvent *event);

/*
 * A use case puts its scope in force and takes it back at its end; an abort does
 * so for it.  What the scope points to must live until then.
 */
extern void audit_enter(const AuditScope *scope);
extern void audit_leave(void);
extern const AuditScope *audit_scope(void); /* never NULL */

#endif /* PGT_AUDIT_H */
