/*
 * refresh.h
 *		Use case: refresh, with rotation, honest retries and reuse detection.
 */
#ifndef PGT_REFRESH_H
#define PGT_REFRESH_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/client.h"
#include "tables/confirmation.h"
#include "tokens/response.h"

typedef struct RefreshRequest
{
	const char *refresh_token;
	const Client *client; /* authenticated by the caller; NULL: by the next two */
	const char *client_id; /* NULL: the family's, if that is public */
	const char *client_secret; /* NULL: none presented */
	const char *scope; /* NULL: as granted */
	char **resources;
	int n_resources; /* 0: as granted */
	const char *details; /* authorization_details, JSON text; NULL: as granted */
	Confirmation cnf; /* what the request has proved */
	const char *transaction_id; /* a step-up that was completed; NULL: none */
	char **acr_values; /* RFC 9470 section 4 */
	int n_acr_values; /* 0: none asked for */
	int max_age; /* seconds; -1: none asked for */
	Jsonb *context;
} RefreshRequest;

extern void refresh_grant(const RefreshRequest *request, TokenResponse *response);

#endif /* PGT_REFRESH_H */
