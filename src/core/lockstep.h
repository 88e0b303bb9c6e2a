/*
 * lockstep.h
 *		Is a family used in lockstep from two places?
 *
 * Within the retry window a thief who follows his victim gets each successor, too.
 * Time does not tell them apart, but where they are does: the same two contexts
 * answer for generation after generation.
 */
#ifndef PGT_CORE_LOCKSTEP_H
#define PGT_CORE_LOCKSTEP_H

#include <stdbool.h>
#include <stdint.h>

#include "risk.h"

#define PGTC_LOCKSTEP_LEN 42
#define PGTC_CONTEXT_PRINT_LEN 16

typedef enum PgtcContextDifference
{
	PGTC_CONTEXT_SAME,
	PGTC_CONTEXT_OTHER_CLIENT, /* user_agent or device_id */
	PGTC_CONTEXT_OTHER_ADDRESS /* the network it comes from, and nothing else */
} PgtcContextDifference;

typedef struct PgtcLockstep
{
	uint32_t generation; /* the last that was answered from both contexts */
	uint32_t generations; /* so many running; 0: none */
	PgtcContextDifference difference;
	uint8_t newest; /* which of the two had the last answer */
	uint8_t prints[2][PGTC_CONTEXT_PRINT_LEN];
} PgtcLockstep;

/*
 * A generation whose rotation was answered in one context is answered in another one,
 * or in the same.
 *
 * A client on a bad network changes its address at each retry, to one it had not
 * before, and goes on from the one where it got an answer.  So a generation counts
 * when its two contexts are those of the generation before; and where an address is
 * all that tells them apart, when the rotation did not come from where the last answer
 * had gone to.  Where it did, the generation neither counts nor ends the row.
 */
extern PgtcCode pgtc_lockstep_follow(PgtcLockstep *lockstep, uint32_t generation,
									 const PgtcRequestContext *rotation,
									 const PgtcRequestContext *retry);

extern void pgtc_lockstep_write(const PgtcLockstep *lockstep, uint8_t out[PGTC_LOCKSTEP_LEN]);

/* PGTC_E_MALFORMED for what pgtc_lockstep_write does not write */
extern PgtcCode pgtc_lockstep_read(const uint8_t in[PGTC_LOCKSTEP_LEN], PgtcLockstep *out);

#endif /* PGT_CORE_LOCKSTEP_H */
