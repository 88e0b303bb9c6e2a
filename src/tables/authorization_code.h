/*
 * authorization_code.h
 *		Authorization codes (RFC 6749 section 4.1).
 */
#ifndef PGT_AUTHORIZATION_CODE_H
#define PGT_AUTHORIZATION_CODE_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/begun.h"
#include "core/base/crypto.h"
#include "tables/authentication.h"
#include "tables/lifespan.h"

typedef struct AuthorizationCode
{
	pg_uuid_t grant_id; /* the family's */
	pg_uuid_t request_id; /* of the request that it answers, for the audit; not read */
	uint8_t hash[PGTC_SHA256_LEN];
	char *client_id;
	char *redirect_uri; /* NULL: the authorization request had none */
	char *code_challenge; /* NULL: none */
	char *dpop_jkt; /* NULL: any key */
	Authentication auth;
	char *scope;
	char **resources;
	int n_resources;
	char *nonce;
	Jsonb *claims_request; /* NULL: no single claims were asked for */
	Jsonb *context;
	Begun begun;
	Lifespan lifespan; /* of the family */
	int lifetime; /* of the code, in seconds; not read */
	TimestampTz expires_at;
	bool redeemed;
} AuthorizationCode;

/* stores it and returns the code itself; sets hash and expires_at */
extern char *authorization_code_insert(AuthorizationCode *code);

/* the one that this text is of, redeemed or not; NULL */
extern AuthorizationCode *authorization_code_find(const char *text);

/* exactly once, also of two that come at the same time */
extern bool authorization_code_redeem(const AuthorizationCode *code);

#endif /* PGT_AUTHORIZATION_CODE_H */
