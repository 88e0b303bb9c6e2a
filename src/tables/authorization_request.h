/*
 * authorization_request.h
 *		Requests on their way: pushed, at the application's login page, or at its
 *		logout page; and answers that a page of ours is to post.
 */
#ifndef PGT_AUTHORIZATION_REQUEST_H
#define PGT_AUTHORIZATION_REQUEST_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "tables/handed_over.h"
#include "tables/issuer.h"

#define REQUEST_PUSHED "pushed"
#define REQUEST_AUTHORIZATION "authorization"
#define REQUEST_HANDED_OVER "handed_over"
#define REQUEST_LOGOUT "logout"
#define REQUEST_ANSWER "answer"

typedef struct AuthorizationRequest
{
	pg_uuid_t grant_id;
	char *kind;
	char *issuer;
	char *client_id;
	Jsonb *parameters;
	TimestampTz created_at;
	TimestampTz expires_at;
	const HandedOver *handed_over; /* to us, by another shard; NULL: it is a row of this database */
} AuthorizationRequest;

/*
 * Stores it for lifetime seconds and returns the handle that names it, with this prefix;
 * sets grant_id and times.  It lies where the client's own things do: whose it will be
 * is not known yet.
 */
extern char *authorization_request_insert(AuthorizationRequest *request, const char *prefix,
										  int lifetime);

/*
 * The same, with parameters that only who has the handle can read: a code is in clear
 * in no table, and in no copy of one.  open: what is sealed in there, as JSON.
 */
extern char *authorization_request_insert_sealed(AuthorizationRequest *request, const char *prefix,
												 int lifetime);
extern Jsonb *authorization_request_open(const AuthorizationRequest *request, const char *prefix,
										 const char *handle);

/*
 * The unexpired request of this handle; NULL.  Of another issuer it is none: the
 * users of one are not those of another.
 */
extern AuthorizationRequest *authorization_request_find(const Issuer *issuer, const char *prefix,
														const char *handle);

/*
 * The same of a transaction: by its transaction_id, or what was handed over in its place,
 * for this subject (NULL: any), as handed_over_open() says.
 */
extern AuthorizationRequest *authorization_request_transaction(Issuer *issuer, const char *text,
															   const char *subject);

/*
 * The transaction, sealed for the subject.  spend: it ends here, and with it the pushed
 * request that it comes from; the same subject gets the same text again.  NULL: it is
 * none, or it has ended.  *ended: it has done so just now.
 */
extern char *authorization_request_hand_over(Issuer *issuer, const char *transaction_id,
											 const char *subject, bool spend,
											 AuthorizationRequest **ended);

/* takes it away; false: somebody else did */
extern bool authorization_request_delete(const AuthorizationRequest *request);

/* parameters for a transaction that a pushed request leads to: there may be several, and one of them is answered */
extern Jsonb *authorization_request_from_pushed(const AuthorizationRequest *pushed);

/*
 * Takes it away, and the pushed request that it comes from; false: one of the two was
 * answered before, or it was handed over to be looked at alone
 */
extern bool authorization_request_answer(const AuthorizationRequest *request);

/* the parameters as the application is told them */
extern Jsonb *authorization_request_told(const AuthorizationRequest *request);

#endif /* PGT_AUTHORIZATION_REQUEST_H */
