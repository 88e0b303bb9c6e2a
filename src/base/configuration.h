/*
 * configuration.h
 *		Where this database has its configuration from, and how old that may be.
 *
 * A database has it by itself (alone), gives it to others (primary), or has it from one of
 * those by logical replication (subscriber).  Which it is, the catalogue says: a publication
 * or a subscription of our name.  A subscriber that is late goes on saying yes to a client
 * that was switched off; with pgtoken.max_configuration_lag it issues nothing then.
 *
 * What a subscription says of itself does not tell how late it is: what it hears of an idle
 * primary, and of one that has much to decode still, is the same.  So a process of ours asks
 * the primary from time to time how far its WAL reaches; once that much is applied here, all
 * that was committed when it asked is (configuration_watch.c).
 */
#ifndef PGT_CONFIGURATION_H
#define PGT_CONFIGURATION_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"

#include "base/errors.h"

#define CONFIGURATION_PUBLICATION "pgtoken_configuration" /* a subscription goes on with _ */
#define CONFIGURATION_WATCHES 64 /* databases of a server that may be subscribers */

typedef enum ConfigurationRole
{
	CONFIGURATION_ALONE,
	CONFIGURATION_PRIMARY,
	CONFIGURATION_SUBSCRIBER
} ConfigurationRole;

/* what is known of a subscriber, in shared memory */
typedef struct ConfigurationWatch
{
	pg_atomic_uint32 database; /* 0: the place is nobody's */
	pg_atomic_uint32 pid; /* of the process that asks; 0: there is none */
	pg_atomic_uint64 launched_at; /* when one was started last */
	pg_atomic_uint32 subscription; /* of which the next speaks */
	pg_atomic_uint64 current_as_of; /* all that was committed then is here; 0: not known */
	pg_atomic_uint64 current_at; /* the same by the machine's uptime */
} ConfigurationWatch;

extern ConfigurationRole configuration_role(void);
extern const char *configuration_role_name(ConfigurationRole role);

/* is this database's configuration another one's to write? */
extern bool configuration_is_elsewhere(void);

/* ereport(25006): it is, and who wants to change it goes there */
extern void configuration_refuse_write(void);

/* how long ago this subscriber is known to have been current, in ms; -1: not known, or none */
extern int64 configuration_lag_ms(void);

/* by more than pgtoken.max_configuration_lag, or for an unknown time, behind */
extern bool configuration_is_stale(void);

/* the same as PGT_ERR_STALE_CONFIGURATION; to be called before anything is read, where tokens are issued */
extern PgtErr configuration_check_fresh(void);

/* can this server know at all? */
extern bool configuration_can_watch(void);

/* for shared_memory.c */
extern void configuration_make_empty(ConfigurationWatch watches[CONFIGURATION_WATCHES]);

/* for configuration_watch.c: a time that nobody puts back, in microseconds */
extern uint64 configuration_uptime(void);

/* for configuration_watch.c: this database's place; NULL: there is none */
extern ConfigurationWatch *configuration_place(void);

#endif /* PGT_CONFIGURATION_H */
