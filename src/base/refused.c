/*
 * refused.c
 *		The trace of refused requests.
 *
 * Nothing here is touched by a request that is answered, but for one store when
 * it begins.
 */
#include "base/refused.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/counters.h"
#include "base/explanation.h"
#include "base/guc.h"
#include "base/request_mark.h"
#include "base/object.h"
#include "base/shared_memory.h"
#include "base/strings.h"
#include "core/base/printable.h"
#include "core/base/slice.h"
#include "core/base/text.h"

/* what the refusal on its way is about; PGT_OK: nothing is known */
static RefusedRequest note = {.err = PGT_OK};

#define PRINT(value, field)                                            \
	do                                                                 \
	{                                                                  \
		StaticAssertStmt(sizeof(field) >= PGTC_PRINTABLE_MIN, #field); \
		pgtc_printable(pgtc_slice_str(value), (field), sizeof(field)); \
	} while (0)

PgtErr
refused(PgtErr err, const char *parameter, const char *received, const char *registered)
{
	note.err = err;
	PRINT(parameter, note.parameter);
	PRINT(received, note.received);
	PRINT(registered, note.registered);
	return err;
}

PgtErr
refused_of(PgtErr err, const char *parameter, const char *received, char *const *registered, int n)
{
	char *list = strings_of_list(registered, n);

	err = refused(err, parameter, received, list);
	pfree(list);
	return err;
}

void
refused_forget(void)
{
	note.err = PGT_OK;
}

/* RFC 6749 section 5.2, and what the list of the text does not end in */
static bool
is_plain(const char *value)
{
	return value[0] != '\0' && strchr(value, ' ') == NULL &&
		   pgtc_text_quotable(pgtc_slice_str(value));
}

/* what of the note is no secret to who has sent the request; NULL: nothing is known, or fit to be told */
static const char *
told(PgtErr err)
{
	const char *value;

	if (err == PGT_OK || note.err != err)
		return NULL;
	switch (err)
	{
		case PGT_ERR_REQUEST_PARAMETER:
		case PGT_ERR_REQUEST_REPEATED:
			value = note.parameter;
			break;
		case PGT_ERR_SCOPE_NOT_ALLOWED:
		case PGT_ERR_SCOPE_UNKNOWN:
		case PGT_ERR_SCOPE_NO_USER:
		case PGT_ERR_SCOPE_NOT_GRANTED:
		case PGT_ERR_SCOPE_NOT_FOR_RESOURCE:
		case PGT_ERR_TARGET_MALFORMED:
		case PGT_ERR_TARGET_NOT_ALLOWED:
		case PGT_ERR_TARGET_NOT_GRANTED:
			value = note.received;
			break;
		default:
			return NULL;
	}
	return is_plain(value) ? value : NULL;
}

char *
refused_description(PgtErr err)
{
	const char *description = errors_info(err)->description;
	const char *value = told(err);

	if (description == NULL)
		return NULL;
	return value ? psprintf("%s: %s", description, value) : pstrdup(description);
}

Jsonb *
refused_detail(PgtErr err, Jsonb *detail)
{
	const char *value = told(err);
	Object object;
	Jsonb *member;

	/* whose certificate it was is for the administrator, who may have written the name otherwise */
	if (err == PGT_ERR_CLIENT_CERTIFICATE && note.err == err && note.received[0])
		value = note.received;
	if (value == NULL)
		return detail;
	object_begin(&object);
	object_string(&object, value == note.parameter ? "parameter" : note.parameter, value);
	member = object_end(&object);
	return detail ? object_concat(detail, member) : member;
}

/* part of a flow that goes well */
static bool
is_expected(PgtErr err)
{
	return err == PGT_OK || err == PGT_ERR_DEVICE_PENDING || err == PGT_ERR_CHALLENGE_OPEN ||
		   err == PGT_ERR_MFA_REQUIRED || err == PGT_ERR_DPOP_NONCE ||
		   err == PGT_ERR_ACCESS_TOKEN_NONCE || err == PGT_ERR_WAIT || err == PGT_ERR_ELSEWHERE ||
		   err == PGT_ERR_CONSOLE_PROOF;
}

/* an API answers some of these by a name of its own */
static bool
is_about(PgtErr noted, PgtErr err)
{
	return noted == err || (err == PGT_ERR_ACCESS_TOKEN_DPOP &&
							(noted == PGT_ERR_DPOP_PROOF || noted == PGT_ERR_DPOP_REPLAYED));
}

static void
put_in_ring(const RefusedRequest *request)
{
	SharedMemory *shared = guc_refused_requests > 0 ? shared_memory() : NULL;

	if (shared == NULL || shared->n_refused == 0)
		return;
	LWLockAcquire(&shared->refused_lock, LW_EXCLUSIVE);
	shared_memory_refused(shared)[shared->refused_so_far++ % shared->n_refused] = *request;
	LWLockRelease(&shared->refused_lock);
	counters_add(COUNT_RING);
}

static void
write_to_log(const RefusedRequest *request)
{
	char *named;

	if (guc_log_refusals == LOG_REFUSALS_OFF ||
		(guc_log_refusals == LOG_REFUSALS_DEBUG && !message_level_is_interesting(DEBUG1)))
		return;
	named = request_mark_text();
	/* whoever has sent the request, and whatever messages he asked for, it is not for him */
	ereport(LOG_SERVER_ONLY,
			(errmsg("pgtoken has refused a request: %s", errors_info(request->err)->reason),
			 errdetail("Endpoint: %s. Client: \"%s\". Parameter: %s. Received: \"%s\". "
					   "Registered: \"%s\".%s",
					   request->endpoint, request->client_id,
					   request->parameter[0] ? request->parameter : "none", request->received,
					   request->registered, named ? psprintf(" Of %s.", named) : ""),
			 errhint("%s", explanation(request->err)), errhidestmt(true), errhidecontext(true)));
}

void
refused_record(const char *endpoint, const char *client_id, PgtErr err)
{
	RefusedRequest request = {0};

	if (is_expected(err))
		return;
	counters_add_refusal(err);
	if (is_about(note.err, err))
		request = note;
	request.at = GetCurrentTimestamp();
	request.database = MyDatabaseId;
	request.err = err;
	PRINT(endpoint, request.endpoint);
	PRINT(client_id, request.client_id);
	strlcpy(request.request_id, request_mark_id(), sizeof(request.request_id));
	put_in_ring(&request);
	write_to_log(&request);
}

static bool
is_wanted(const RefusedRequest *request, const char *client_id)
{
	/* what another database has refused is nothing of this one's administrator's */
	return request->database == MyDatabaseId &&
		   (client_id == NULL || strcmp(request->client_id, client_id) == 0);
}

int
refused_list(const char *client_id, int max, RefusedRequest **list)
{
	SharedMemory *shared = guc_refused_requests > 0 ? shared_memory() : NULL;
	RefusedRequest *all;
	RefusedRequest wanted;
	uint64 there;
	int n = 0;

	if (shared == NULL || shared->n_refused == 0)
		return -1;
	PRINT(client_id, wanted.client_id);
	*list = palloc_extended(Min((Size) max, shared->n_refused) * sizeof(RefusedRequest),
							MCXT_ALLOC_HUGE);
	all = shared_memory_refused(shared);
	LWLockAcquire(&shared->refused_lock, LW_SHARED);
	there = Min(shared->refused_so_far, shared->n_refused);
	for (uint64 i = 0; i < there && n < max; i++)
	{
		const RefusedRequest *request = &all[(shared->refused_so_far - 1 - i) % shared->n_refused];

		if (is_wanted(request, client_id ? wanted.client_id : NULL))
			(*list)[n++] = *request;
	}
	LWLockRelease(&shared->refused_lock);
	return n;
}

/* not a transaction's: whoever rolls back has only made the trace poorer */
static bool
forget_in(RefusedRequest *request, const RefusedRequest *value)
{
	bool received = strcmp(request->received, value->received) == 0;
	bool registered = strcmp(request->registered, value->registered) == 0;

	if (request->database != MyDatabaseId || !(received || registered))
		return false;
	if (received)
		memset(request->received, 0, sizeof(request->received));
	if (registered)
		memset(request->registered, 0, sizeof(request->registered));
	return true;
}

int64
refused_forget_value(const char *value)
{
	SharedMemory *shared = guc_refused_requests > 0 ? shared_memory() : NULL;
	RefusedRequest printed;
	int64 n = 0;

	if (shared == NULL || shared->n_refused == 0 || value[0] == '\0')
		return 0;
	PRINT(value, printed.received);
	PRINT(value, printed.registered);
	LWLockAcquire(&shared->refused_lock, LW_EXCLUSIVE);
	for (uint64 i = 0; i < Min(shared->refused_so_far, shared->n_refused); i++)
		n += forget_in(&shared_memory_refused(shared)[i], &printed) ? 1 : 0;
	LWLockRelease(&shared->refused_lock);
	return n;
}
