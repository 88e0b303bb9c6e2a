/*
 * hardware_key.h
 *		Private keys in hardware, as this backend has them open.
 */
#ifndef PGT_HARDWARE_KEY_H
#define PGT_HARDWARE_KEY_H

#include "base/compat.h"

#include "core/jose/key.h"

/* all of a key that does not depend on the hardware */
typedef struct HardwareKeyName
{
	const char *kid;
	const char *uri;
	const PgtcAlg *alg;
	const PgtcKey *public_key;
} HardwareKeyName;

/* the URI's key and its public part, for a key that is not named yet; ereport(22023, 58000) */
extern void hardware_key_look(const char *uri, const PgtcAlg *alg, PgtcKey *public_key);

/* NULL when *out is ready to sign until the next function of these; otherwise why it is not, a phrase */
extern const char *hardware_key_open(const HardwareKeyName *name, const PgtcKey **out);

/* let go of all; the next open begins anew.  Raises nothing */
extern void hardware_key_close_all(void);

/* ereport(58000) */
extern void hardware_key_fail(const char *kid, const char *problem);

#endif /* PGT_HARDWARE_KEY_H */
