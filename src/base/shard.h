/*
 * shard.h
 *		Which of several databases this one is (pgtoken.shard).
 *
 * A subject has everything on one shard, that of its placement (core/base/placement.h).
 * What begins there asks here first: a row of a subject that lies elsewhere would be
 * found by nobody, and neither would the subject's ends.
 */
#ifndef PGT_SHARD_H
#define PGT_SHARD_H

#include "base/compat.h"

#include "utils/guc.h"
#include "utils/uuid.h"

typedef struct Shard
{
	uint32 number;
	uint32 count; /* 0: not sharded */
} Shard;

extern Shard shard_here(void);

/* true where not sharded */
extern bool shard_is_here(uint32 placement);

/*
 * For the id of what is written here and found by its id alone, such as an answer that
 * waits for its page: the placement, or, where that is another shard's, one of this.
 */
extern uint32 shard_placement(uint32 placement);

/* ereport(22023), with the shard to connect to, unless it is here; what: e.g. "the subject" */
extern void shard_require(uint32 placement, const char *what);

/* the same of all that a subject has */
extern void shard_require_subject(const char *subject);

/* of what a family has, by its id, whoever made that */
extern void shard_require_id(const pg_uuid_t *id, const char *what);

/* of the setting */
extern bool shard_check(char **value, void **extra, GucSource source);
extern void shard_assign(const char *value, void *extra);

#endif /* PGT_SHARD_H */
