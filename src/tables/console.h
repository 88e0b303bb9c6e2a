/*
 * console.h
 *		The console of an issuer: its client and API, who operates it, by which factors,
 *		and the functions that it calls.
 */
#ifndef PGT_CONSOLE_H
#define PGT_CONSOLE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/uuid.h"

/* what an operator may do, and the scope of that name behind "pgtoken:" */
typedef enum ConsoleAccess
{
	CONSOLE_AUDITOR,
	CONSOLE_ISSUER_ADMIN,
	CONSOLE_ADMIN /* last, see console.c */
} ConsoleAccess;

#define CONSOLE_ACCESSES (CONSOLE_ADMIN + 1)

typedef struct Console
{
	char *client_id;
	char *resource; /* the API */
} Console;

typedef struct ConsoleOperator
{
	ConsoleAccess access;
	char **factor_ids; /* of the operator's list that are active */
	int n_factor_ids;
	char **factor_types; /* of these, each once */
	int n_factor_types;
	TimestampTz proved_at; /* when one was proved last in the family; DT_NOBEGIN: none was */
} ConsoleOperator;

/* a function of the schema pgtoken_console */
typedef struct ConsoleFunction
{
	Oid function;
	bool changes; /* it is VOLATILE */
	bool allowed[CONSOLE_ACCESSES]; /* which roles may execute it */
} ConsoleFunction;

/* as StringsNth: the scopes, in the order of ConsoleAccess */
extern const char *console_scope(int n);

/* the name of an access, as in the table */
extern const char *console_access_name(int n);

/* an administrator looks as an auditor does; of one issuer he sees that one alone */
extern bool console_access_includes(ConsoleAccess access, ConsoleAccess part);

/* the role that a function runs as for this access */
extern const char *console_role(ConsoleAccess access);

/* of an issuer that has switched it on; NULL */
extern Console *console_find(const char *issuer);

/* is the client the console of its issuer, and that switched on? */
extern bool console_is(const char *issuer, const char *client_id);

/* what a subject may do there; false: nothing */
extern bool console_access_of(const char *issuer, const char *subject, ConsoleAccess *access);

/* the same with all that a call is judged by, as committed by now; NULL: he is no operator */
extern ConsoleOperator *console_operator(const char *issuer, const Console *console,
										 const char *subject, const pg_uuid_t *grant_id);

/* NULL: there is none of this name */
extern ConsoleFunction *console_function(const char *name);

/* is the factor in an operator's list? */
extern bool console_has_factor(const char *issuer, const char *subject, const pg_uuid_t *factor_id);

/* ereport(42501) when the factor is in an operator's list, which is not the application's to touch */
extern void console_refuse_factor(const char *issuer, const char *subject,
								  const pg_uuid_t *factor_id);

#endif /* PGT_CONSOLE_H */
