/*
 * handed_over.h
 *		Requests that one shard hands over to that of their subject.
 *
 * The shard that has the request seals it, the subject's opens it: by a key of the
 * issuer, which both have.  What was looked at alone (not spent) cannot be answered, and
 * what was is answered once.
 */
#ifndef PGT_HANDED_OVER_H
#define PGT_HANDED_OVER_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "tables/issuer.h"

/* what opens as one is none of the others */
#define HANDED_OVER_AUTHORIZATION "authorization"
#define HANDED_OVER_DEVICE "device"

typedef struct HandedOver
{
	pg_uuid_t id; /* of the request, where all lies that its subject has */
	char *subject; /* whom it is for */
	bool spent; /* it has ended where it comes from: it may be answered here */
	char *client_id;
	TimestampTz created_at;
	TimestampTz expires_at;
	Jsonb *content; /* the rest */
} HandedOver;

/* of the form, whatever it is worth */
extern bool handed_over_is(const char *text);

/* as text; the id is made of that of the request */
extern char *handed_over_seal(Issuer *issuer, const char *kind, const pg_uuid_t *request,
							  HandedOver *handed);

/*
 * What was sealed for this subject, or NULL for any, and has not expired; NULL: not by
 * this issuer, or for somebody else, or it has been answered.  ereport(22023) where its
 * subject lies on another shard.
 */
extern HandedOver *handed_over_open(Issuer *issuer, const char *kind, const char *text,
									const char *subject);

/* takes it; false: it was not spent, or is answered already, also by one at the same time */
extern bool handed_over_answer(const char *issuer, const HandedOver *handed);

/* by its id: was it answered? */
extern bool handed_over_is_answered(const pg_uuid_t *id);

#endif /* PGT_HANDED_OVER_H */
