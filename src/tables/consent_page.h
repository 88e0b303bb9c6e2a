/*
 * consent_page.h
 *		What a consent page has shown, kept with the request that it was for.
 */
#ifndef PGT_CONSENT_PAGE_H
#define PGT_CONSENT_PAGE_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/oauth/scope.h"

typedef struct ConsentPage
{
	PgtcScope asked; /* the scopes that it asks about */
	Jsonb *shown; /* as the application was given it */
	int lifetime; /* seconds that it says the consent will hold; 0: without end */
} ConsentPage;

/*
 * The page of this name that was made for the subject and the request (of a transaction, or a
 * device code); NULL: there is none.  page_id NULL: the last one.
 */
extern ConsentPage *consent_page_find(const pg_uuid_t *request_id, const char *subject,
									  const char *page_id);

/* all of a request that was answered */
extern void consent_page_forget(const pg_uuid_t *request_id);

#endif /* PGT_CONSENT_PAGE_H */
