/*
 * console_call.h
 *		Use case: an operator of the console calls one of its functions.
 */
#ifndef PGT_CONSOLE_CALL_H
#define PGT_CONSOLE_CALL_H

#include "base/compat.h"

#include "utils/elog.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "tables/console.h"

/* who calls, and how he has shown that it is he */
typedef struct ConsoleCall
{
	const char *issuer;
	const Console *console;
	const char *subject;
	pg_uuid_t grant_id;
	const ConsoleOperator *by;
	bool accesses[CONSOLE_ACCESSES]; /* those that his token and his row stand for */
	const char *name; /* of the function */
	const ConsoleFunction *function;
	ConsoleAccess access; /* as which it runs */
	Jsonb *context;
} ConsoleCall;

/* the least of the roles of the caller's that may execute the function; false: none may */
extern bool console_call_allow(ConsoleCall *call);

/*
 * Runs it as that role, in a subtransaction; what only reads cannot write.  NULL: it has
 * raised *error, and what it did is undone.  What ends the statement itself, or is a fault
 * of the server's, is raised as ever.  A change is in the audit, as console.called, and
 * one that was refused as console.refused.
 */
extern Jsonb *console_call_run(const ConsoleCall *call, Jsonb *arguments, ErrorData **error);

/* the call under way; NULL: there is none */
extern const ConsoleCall *console_call_under_way(void);

#endif /* PGT_CONSOLE_CALL_H */
