/*
 * refused.h
 *		The trace of refused requests: what came, beside what is registered.
 *
 * Who integrates a client sees one answer for many reasons, on purpose; what is
 * recorded here is for the administrator.  A bounded ring in shared memory where
 * there is one, and a line in the server's log where pgtoken.log_refusals asks for
 * it.  Never a token, a secret, a code, a verifier, an assertion or a hash.
 */
#ifndef PGT_REFUSED_H
#define PGT_REFUSED_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "base/errors.h"
#include "core/base/mark.h"

/* as in shared memory: texts are fit to be shown (core/base/printable.h) */
typedef struct RefusedRequest
{
	TimestampTz at;
	Oid database;
	PgtErr err;
	char endpoint[64];
	char client_id[256 + 8]; /* as it came; empty: none did */
	char parameter[64]; /* what it was about; empty: not one of them */
	char received[320];
	char registered[640]; /* or expected */
	char request_id[PGTC_REQUEST_ID_MAX + 1]; /* empty: there is none */
} RefusedRequest;

/*
 * Notes what a refusal is about, and returns it: return refused(PGT_ERR_..., ...).
 * It is kept until the next request begins (refused_forget).  All are copied;
 * received and registered may be NULL.
 */
extern PgtErr refused(PgtErr err, const char *parameter, const char *received,
					  const char *registered);

/* the same of a list; separated by spaces */
extern PgtErr refused_of(PgtErr err, const char *parameter, const char *received,
						 char *const *registered, int n);

extern void refused_forget(void);

/*
 * What the client is told: the error's text, and where the note may be told, too,
 * the parameter at fault, or the scope or resource; palloc'd.  NULL: no text.
 */
extern char *refused_description(PgtErr err);

/* the same for the detail of an audit event, which may be NULL: with a member more, or detail itself */
extern Jsonb *refused_detail(PgtErr err, Jsonb *detail);

/*
 * The answer is a refusal: into the ring and the log, with the note that was made
 * of it.  Not for what belongs to a flow that goes well: a device that waits, a
 * nonce that is handed out, a factor that is asked for, a document that is fetched.
 */
extern void refused_record(const char *endpoint, const char *client_id, PgtErr err);

/* the newest first: copies, at most max; of one client as it came, NULL: of all.  -1: there is no ring */
extern int refused_list(const char *client_id, int max, RefusedRequest **list);

/* empties what was received, or was expected, in every request of this database where it is this; returns of how many */
extern int64 refused_forget_value(const char *value);

/* pgtoken.log_refusals */
typedef enum LogRefusals
{
	LOG_REFUSALS_OFF,
	LOG_REFUSALS_DEBUG,
	LOG_REFUSALS_ON
} LogRefusals;

#endif /* PGT_REFUSED_H */
