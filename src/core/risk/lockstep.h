/*
 * lockstep.h
 *		Is a family used in lockstep from two places?
 *
 * Within the retry window a thief who follows his victim gets each successor, too.
 * Time does not tell them apart, but what they are and where they are does: in
 * generation after generation the rotation and its retry are two.
 */
#ifndef PGT_CORE_LOCKSTEP_H
#define PGT_CORE_LOCKSTEP_H

#include "core/base/code.h"
#include "core/risk/request_context.h"

#define PGTC_LOCKSTEP_LEN 53
#define PGTC_ADDRESS_PRINT_LEN 16

/* generations whose rotation and retry came from two programs or devices, whichever */
typedef struct PgtcLockstepClients
{
	uint32_t generations; /* so many in this row; 0: none */
	uint32_t generation; /* the last of them */
	uint32_t retried; /* the last that was answered more than once */
} PgtcLockstepClients;

/* generations running answered at the same two addresses */
typedef struct PgtcLockstepAddresses
{
	uint32_t generations; /* so many; 0: none */
	uint32_t generation; /* the last that was answered at both */
	uint8_t newest; /* which of the two had the last answer */
	uint8_t prints[2][PGTC_ADDRESS_PRINT_LEN];
} PgtcLockstepAddresses;

typedef struct PgtcLockstep
{
	PgtcLockstepClients clients;
	PgtcLockstepAddresses addresses;
} PgtcLockstep;

/*
 * A generation whose rotation was answered in one context is answered in another one,
 * or in the same.
 *
 * An honest client does not change its user_agent or device_id between a request and
 * its retry: a generation in which they differ counts.  One that was answered once
 * ends the row, as then one of the two has nothing to go on with; one whose retry was
 * the same, or came at once, does neither, up to ten of them.
 *
 * Its address a client on a bad network changes at each retry, to one it had not
 * before, and goes on from the one where it got an answer.  So a generation counts
 * when its two addresses are those of the generation before, and the rotation did not
 * come from where the last answer had gone to.  Where it did, the generation neither
 * counts nor ends the row.
 */
extern PgtcCode pgtc_lockstep_follow(PgtcLockstep *lockstep, uint32_t generation,
									 const PgtcRequestContext *rotation,
									 const PgtcRequestContext *retry);

/* a generation is answered once more, and from where says nothing */
extern void pgtc_lockstep_hold(PgtcLockstep *lockstep, uint32_t generation);

/* is there something to be kept? */
extern bool pgtc_lockstep_any(const PgtcLockstep *lockstep);

/* how many in a row this generation is the last of; 0: of none */
extern uint32_t pgtc_lockstep_generations(const PgtcLockstep *lockstep, uint32_t generation);

extern void pgtc_lockstep_write(const PgtcLockstep *lockstep, uint8_t out[PGTC_LOCKSTEP_LEN]);

/* PGTC_E_MALFORMED for what pgtc_lockstep_write does not write */
extern PgtcCode pgtc_lockstep_read(const uint8_t in[PGTC_LOCKSTEP_LEN], PgtcLockstep *out);

#endif /* PGT_CORE_LOCKSTEP_H */
