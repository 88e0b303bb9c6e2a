/*
 * answer_endpoint.c
 *		Use case: the page that takes an answer to its client by POST (OAuth 2.0 Form
 *		Post Response Mode).
 *
 * Where it is posted to is what was stored with the answer, a redirect URI of the
 * client's, and nothing that the request says: the page is no open redirector.
 */
#include "endpoints/answer_endpoint.h"

#include "http/page.h"

char *
answer_endpoint(HttpExchange *x)
{
	Answer answer;
	char *handle = http_param(x, "answer");
	PgtErr err = x->form_err;

	if (err == PGT_OK && (handle == NULL || !answer_take(x->issuer, handle, &answer)))
		err = PGT_ERR_ANSWER;
	if (err != PGT_OK)
		return page_error(x, err);
	return page_form(x, answer.redirect_uri, answer.names, answer.values, answer.n);
}

char *
answer_endpoint_send(HttpExchange *x, const Answer *answer)
{
	if (answer->posted)
		return page_form(x, answer->redirect_uri, answer->names, answer->values, answer->n);
	http_redirect(x, answer_location(answer));
	return NULL;
}
