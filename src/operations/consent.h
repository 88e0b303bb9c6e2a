/*
 * consent.h
 *		What subjects have consented to: scopes, for each API on its own.
 */
#ifndef PGT_CONSENT_H
#define PGT_CONSENT_H

#include "base/compat.h"

#include "core/oauth/scope.h"

/* adds to what is stored, for each of the APIs */
extern void consent_store(const char *subject, const char *client_id, const PgtcScope *scope,
						  char *const *resources, int n_resources);

/* the scopes of wanted that the subject has not consented to for each of the APIs */
extern void consent_missing(const char *subject, const char *client_id, const PgtcScope *wanted,
							char *const *resources, int n_resources, PgtcScope *missing);

#endif /* PGT_CONSENT_H */
