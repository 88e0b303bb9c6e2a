/*
 * hand_over.c
 *		Use case: the login page knows its subject, who lies on another shard than the
 *		request.
 *
 * No row here tells who that is.
 */
#include "operations/hand_over.h"

#include "base/cache.h"
#include "base/object.h"
#include "base/place.h"
#include "base/strings.h"
#include "tables/audit.h"
#include "tables/authorization_request.h"
#include "tables/consent_page.h"

/* with the id that the subject's shard goes on with */
static void
audit_hand_over(const AuthorizationRequest *request, const char *subject)
{
	Object detail;
	pg_uuid_t there;

	place_moved(&request->grant_id, subject, &there);
	object_begin(&detail);
	object_string(&detail, "handed_over_to", strings_of_uuid(&there));
	audit_write(&(AuditEvent){.grant_id = &request->grant_id,
							  .event = "authorization.handed_over",
							  .client_id = request->client_id,
							  .detail = object_end(&detail)});
}

char *
hand_over_authorization(const char *transaction_id, const char *subject, bool spend)
{
	AuthorizationRequest *ended;
	char *text;

	cache_begin();
	text = authorization_request_hand_over(issuer_of_session(), transaction_id, subject, spend,
										   &ended);
	if (ended)
	{
		consent_page_forget(&ended->grant_id);
		audit_hand_over(ended, subject);
	}
	return text;
}
