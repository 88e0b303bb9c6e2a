/*
 * held.c
 *		Memory that its owner may give up while somebody up the stack still uses it.
 */
#include "base/held.h"

#include "utils/memutils.h"

typedef struct Hold
{
	MemoryContextCallback callback;
	MemoryContext holder;
	Held *held;
} Hold;

static void
delete_if_free(Held *held)
{
	if (held->given_up && held->holds == 0)
		MemoryContextDelete(held->context);
}

/* also runs while an error is cleaned up, so it raises nothing */
static void
release(void *arg)
{
	Hold *hold = arg;
	Held *held = hold->held;

	if (held->latest == hold)
		held->latest = NULL;
	held->holds--;
	delete_if_free(held);
}

void
held_init(Held *held, MemoryContext context)
{
	held->context = context;
	held->holds = 0;
	held->latest = NULL;
	held->given_up = false;
}

void
held_hold(Held *held, MemoryContext holder)
{
	Hold *hold;

	if (held->latest && held->latest->holder == holder)
		return;
	hold = MemoryContextAlloc(holder, sizeof(Hold));
	hold->holder = holder;
	hold->held = held;
	hold->callback.func = release;
	hold->callback.arg = hold;
	MemoryContextRegisterResetCallback(holder, &hold->callback);
	held->latest = hold;
	held->holds++;
}

void
held_give_up(Held *held)
{
	held->given_up = true;
	delete_if_free(held);
}
