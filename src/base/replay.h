/*
 * replay.h
 *		Identifiers that may be used once.
 */
#ifndef PGT_REPLAY_H
#define PGT_REPLAY_H

#include "base/compat.h"

#include "datatype/timestamp.h"

/*
 * true when owner uses the id for the purpose for the first time; also decides
 * between two that come at once.  It is remembered until expires_at: in a
 * row, and where there is shared memory also when the transaction rolls back.
 */
extern bool replay_first_use(const char *purpose, const char *owner, const char *id,
							 TimestampTz expires_at);

/*
 * The same where nothing may be written: by what this server remembers alone, and
 * true where it has no memory for that.
 */
extern bool replay_first_use_unwritten(const char *purpose, const char *owner, const char *id,
									   TimestampTz expires_at);

/*
 * Has the request at hand, since it began, used an identifier that is forgotten when
 * its transaction rolls back?
 */
extern void replay_begin_request(void);
extern bool replay_rests_on_transaction(void);

#endif /* PGT_REPLAY_H */
