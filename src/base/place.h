/*
 * place.h
 *		Where what belongs together lies, when there are several shards
 *		(core/base/placement.h).
 */
#ifndef PGT_PLACE_H
#define PGT_PLACE_H

#include "base/compat.h"

#include "utils/uuid.h"

/* of all that a subject has */
extern uint32 place_of_subject(const char *subject);

/* of what a client asks for before its subject is known: where its own tokens lie */
extern uint32 place_of_client(const char *client_id);

/* of what has this id; more than a placement where it carries none */
extern uint32 place_of_uuid(const pg_uuid_t *id);

/* a new id there */
extern void place_uuid(uint32 placement, pg_uuid_t *out);

/* the id, always the same one, that a request has where all lies that its subject has */
extern void place_moved(const pg_uuid_t *request, const char *subject, pg_uuid_t *out);

#endif /* PGT_PLACE_H */
