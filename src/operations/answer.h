/*
 * answer.h
 *		What a client is told by way of its user's browser, in the mode that it has
 *		asked for: OAuth 2.0 Multiple Response Types section 2.1, Form Post Response
 *		Mode, JWT Secured Authorization Response Mode (JARM).
 */
#ifndef PGT_ANSWER_H
#define PGT_ANSWER_H

#include "base/compat.h"

#include "utils/jsonb.h"

#include "tables/client.h"
#include "tables/issuer.h"

#define ANSWER_FIELDS_MAX 4

typedef struct Answer
{
	const char *client_id;
	const char *issuer;
	const char *redirect_uri;
	bool posted; /* by the browser, from a page of ours, and not in the query */
	char *names[ANSWER_FIELDS_MAX];
	char *values[ANSWER_FIELDS_MAX];
	int n;
} Answer;

/* the names of the modes, as StringsNth */
extern const char *answer_mode(int n);

/*
 * Can this client be answered in this mode, here?  What is posted goes to a web page;
 * what is signed is signed by a key that the client can verify by, never HS256.
 */
extern bool answer_mode_fits(const Client *client, const char *redirect_uri, const char *mode);

/* is it signed?  parameters: as below */
extern bool answer_is_signed(Jsonb *parameters);

/* the names of the modes that are, separated by spaces */
extern char *answer_signed_modes(void);

/* parameters: of the request: redirect_uri, state, response_mode, which has been found to fit */
extern void answer_code(const Client *client, Jsonb *parameters, const char *code, Answer *answer);

/* an error (RFC 6749 section 4.1.2.1, RFC 9207) */
extern void answer_error(const Client *client, Jsonb *parameters, const char *error,
						 const char *description, Answer *answer);

/*
 * Where the browser is to go: the redirect URI with the answer in its query; or, where
 * it is posted, a page of ours that has it and posts it, once.
 */
extern char *answer_location(const Answer *answer);

/* that page of ours; NULL: the answer to such a request is not posted */
extern char *answer_page(const Client *client, Jsonb *parameters);

/* the answer that a page was made for, once; false: none waits by this handle */
extern bool answer_take(const Issuer *issuer, const char *handle, Answer *answer);

#endif /* PGT_ANSWER_H */
