/*
 * held.h
 *		Memory that its owner may give up while somebody up the stack still uses it.
 *
 * A user function, a trigger or a policy can call us from within a use case, and what
 * the inner call drops the outer one still points to.  So whoever uses such memory
 * holds it for as long as a memory context of his own lives, which ends with his call
 * also when that fails; the memory goes once it is given up and nobody holds it.
 */
#ifndef PGT_HELD_H
#define PGT_HELD_H

#include "base/compat.h"

typedef struct Held
{
	MemoryContext context; /* goes as a whole, with this in it */
	int holds;
	struct Hold *latest; /* NULL: released, or none yet */
	bool given_up;
} Held;

/* neither held nor given up */
extern void held_init(Held *held, MemoryContext context);

/* until the holder is reset or deleted; again in a row costs nothing */
extern void held_hold(Held *held, MemoryContext holder);

/* once, by the owner, who does not use it any more; raises nothing */
extern void held_give_up(Held *held);

#endif /* PGT_HELD_H */
