/*
 * consent.h
 *		What subjects have consented to: scopes, for each API on its own.
 */
#ifndef PGT_CONSENT_H
#define PGT_CONSENT_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/oauth/scope.h"
#include "tables/client.h"
#include "tables/consent_page.h"

/* an agreement, as it is given */
typedef struct Consent
{
	const char *subject;
	const char *client_id;
	char *const *resources;
	int n_resources;
	PgtcScope agreed; /* to these just now */
	Jsonb *details; /* and to these beyond scopes (RFC 9396); NULL: nothing */
	ConsentPage *page; /* on which; NULL: on one of the application's own making */
	int lifetime; /* seconds; 0: without end */
	TimestampTz at;
} Consent;

/*
 * Reads the scopes that the application says were agreed to, delimited by spaces; of those on
 * a page of ours what is not among the ones that it asked about does not count.  lifetime: of
 * the application's choice, -1: none; the shortest of all that are there holds.  false: there
 * is no such page, and the subject must be shown one.  ereport(22023) for what is no scope.
 */
extern bool consent_read(Consent *consent, const Client *client, const pg_uuid_t *request_id,
						 const char *scopes, const char *page_id, int lifetime);

/*
 * Adds scope, of which some may have been agreed to before, to what is stored for each of the
 * APIs.  When the first of them ends; DT_NOEND: never.  What was agreed to before and is not
 * among what is agreed to now keeps its end, and as there is one for each API, the earlier holds.
 */
extern TimestampTz consent_store(const Consent *consent, const PgtcScope *scope);

/* when what is agreed to now ends, whatever is stored */
extern TimestampTz consent_end(const Consent *consent);

/* in the audit: what was shown and agreed to, for the family that comes of it */
extern void consent_record(const Consent *consent, const pg_uuid_t *grant_id, TimestampTz ends);

/*
 * The scopes of wanted that the subject has not consented to for each of the APIs, or whose
 * consent has ended by now.  When the first of those that count ends; DT_NOEND: never.
 */
extern TimestampTz consent_missing(const char *subject, const char *client_id,
								   const PgtcScope *wanted, char *const *resources, int n_resources,
								   TimestampTz now, PgtcScope *missing);

#endif /* PGT_CONSENT_H */
