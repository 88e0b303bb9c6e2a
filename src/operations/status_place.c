/*
 * status_place.c
 *		The place in the status lists of a family that had one.
 */
#include "operations/status_place.h"

#include "tables/issuer.h"
#include "tables/status_index.h"

void
status_place_renew(const Client *client, Grant *grant, TimestampTz now)
{
	const Issuer *issuer = issuer_get(client->issuer);

	grant->status_series = 0;
	if (issuer->status_lists)
		status_index_take(issuer, grant->auth.subject, now, &grant->status_series,
						  &grant->status_position);
}

/* the list's shard says of the place that it has ended: clients come here for other tokens */
void
status_place_follow(const Client *client, Grant *grant, TimestampTz now)
{
	if (grant->status_series == 0 || status_index_is_here(grant->status_series))
		return;
	status_place_renew(client, grant, now);
	grant->status_moved = true;
}
