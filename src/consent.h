/*
 * consent.h
 *		What a subject has consented to.
 */
#ifndef PGT_CONSENT_H
#define PGT_CONSENT_H

#include "compat.h"

#include "client.h"

typedef struct Consent
{
	PgtcScope scope; /* slices into memory of the caller */
	char **resources;
	int n_resources;
} Consent;

/* what is stored; empty when nothing is */
extern void consent_read(const char *subject, const char *client_id, Consent *consent);

/* adds to what is stored */
extern void consent_store(const char *subject, const char *client_id, const PgtcScope *scope,
						  char **resources, int n_resources);

/* the scopes of wanted that are not covered; all of them where a resource is not */
extern void consent_missing(const Consent *consent, const PgtcScope *wanted, char **resources,
							int n_resources, PgtcScope *missing);

#endif /* PGT_CONSENT_H */
