/*
 * registration.h
 *		Clients that have registered themselves (RFC 7591, RFC 7592), and what lets them.
 */
#ifndef PGT_REGISTRATION_H
#define PGT_REGISTRATION_H

#include "base/compat.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "core/base/crypto.h"
#include "tables/client.h"
#include "tables/issuer.h"

/* what came of registering a client, or of changing one */
typedef struct RegistrationOutcome
{
	char *refused; /* NULL: it was done */
	char *sentence; /* why not, for the client; NULL: there is no more to say */
	int wait; /* seconds; 0: nobody knows */
	Jsonb *answer; /* RFC 7591 section 3.2.1 */
} RegistrationOutcome;

typedef struct Registration
{
	bool enabled; /* is the client? */
	bool has_token;
	uint8_t token_hash[PGTC_SHA256_LEN];
	bool has_previous; /* the token before, which holds until the last is used */
	uint8_t previous_hash[PGTC_SHA256_LEN];
	Jsonb *claims; /* of its software statement; NULL: it has none */
} Registration;

/* the initial access token of this hash, if it holds */
extern bool registration_find_token(const Issuer *issuer, const uint8_t hash[PGTC_SHA256_LEN],
									pg_uuid_t *token_id);

/* with its defaults; token_id NULL: of who has no initial access token */
extern Jsonb *registration_policy(const Issuer *issuer, const pg_uuid_t *token_id);

/*
 * Why it cannot be registered, as far as that is known before a document is fetched:
 * outcome->refused.  As registration_insert(), which writes.
 */
extern void registration_judge(const Issuer *issuer, Jsonb *request, const pg_uuid_t *token_id,
							   Jsonb *claims, RegistrationOutcome *outcome);

/*
 * statement, claims: a software statement that was verified; NULL: there is none.  Locks
 * the issuer's window.
 */
extern void registration_insert(const Issuer *issuer, Jsonb *request, const pg_uuid_t *token_id,
								const char *statement, Jsonb *claims, RegistrationOutcome *outcome);

/* locked to the end of the transaction; NULL: there is none of this issuer */
extern Registration *registration_lock(const Issuer *issuer, const char *client_id);

/* the last token was used: the one before it ends */
extern void registration_end_previous(const char *client_id);

extern Jsonb *registration_answer(const char *client_id);

/* locked by registration_lock(); presented: hash of the token that was shown, which holds until the new one is used */
extern void registration_replace(const char *client_id, Jsonb *request,
								 const uint8_t presented[PGTC_SHA256_LEN], const char *statement,
								 Jsonb *claims, RegistrationOutcome *outcome);

/* all that the client has ends, and the client with it */
extern void registration_remove(const char *client_id);

/* does the issuer take client_ids that are URLs of documents at this host (name, or name:port)? */
extern bool registration_document_welcome(const Issuer *issuer, const char *host);

/* makes it a client, or what its document says now; outcome->refused: it is none.  What was found of it before is stale */
extern void registration_adopt(const Issuer *issuer, const char *client_id, Jsonb *document,
							   TimestampTz fetched_at, RegistrationOutcome *outcome);

/* the client begins a family: it is none of those that are never used; the table is told once a day */
extern void registration_used(const Client *client);

#endif /* PGT_REGISTRATION_H */
