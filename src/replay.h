/*
 * replay.h
 *		Identifiers that may be used once.
 */
#ifndef PGT_REPLAY_H
#define PGT_REPLAY_H

#include "compat.h"

#include "datatype/timestamp.h"

/*
 * true when owner uses the id for the purpose for the first time; also decides
 * between two that come at once.  It is remembered until expires_at.
 */
extern bool replay_first_use(const char *purpose, const char *owner, const char *id,
							 TimestampTz expires_at);

#endif /* PGT_REPLAY_H */
