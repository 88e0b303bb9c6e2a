/*
 * client.h
 *		Clients and their authentication, cached.
 */
#ifndef PGT_CLIENT_H
#define PGT_CLIENT_H

#include "compat.h"

#include "core/jwk.h"
#include "core/scope.h"
#include "datatype/timestamp.h"
#include "errors.h"

typedef struct ClientSecret
{
	uint8_t hash[PGTC_SHA256_LEN];
	TimestampTz expires_at; /* DT_NOEND: never */
	struct ClientSecret *next;
} ClientSecret;

typedef struct Client
{
	char *client_id;
	char *issuer;
	bool confidential;
	bool enabled;
	PgtcScope scope; /* slices into memory of the cache */
	char **resources;
	int n_resources; /* -1: any resource of the issuer */
	bool offline_access;
	const PgtcAlg *alg; /* NULL: the issuer's default */
	int access_token_lifetime; /* seconds; settings already applied, as in the next three */
	int refresh_absolute_lifetime;
	int refresh_idle_lifetime;
	int retry_window;
	int retry_limit; /* -1: none */
	bool rotates;
	ClientSecret *secrets;
} Client;

/* NULL when there is no such client; valid until the transaction ends */
extern const Client *client_find(const char *client_id);

/*
 * RFC 6749 section 2.3.1.  A public client must not send a secret, a
 * confidential one must send a valid one; a client that is switched off fails.
 */
extern PgtErr client_authenticate(const Client *client, const char *client_secret);

#endif /* PGT_CLIENT_H */
