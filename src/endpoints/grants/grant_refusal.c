/*
 * grant_refusal.c
 *		How the grants of the token endpoint say no.
 */
#include "endpoints/grants/grant_refusal.h"

#include "base/refused.h"
#include "endpoints/grants/token_request.h"
#include "tables/audit.h"
#include "tokens/response.h"

void
grant_refusal_set(const TokenRequest *request, const char *event, PgtErr err,
				  const pg_uuid_t *grant_id, const char *subject, TokenResponse *response)
{
	const PgtErrInfo *info = errors_info(err);

	response->err = err;
	if (info->audited)
		audit_write(&(AuditEvent){.grant_id = grant_id,
								  .event = event,
								  .reason = info->reason,
								  .client_id = request->client->client_id,
								  .subject = subject,
								  .context = request->context,
								  .detail = refused_detail(err, NULL)});
}
