/*
 * sample.h
 *		A WebAuthn assertion whose parts can be changed, and how it is judged.
 */
#ifndef PGT_UNIT_SAMPLE_H
#define PGT_UNIT_SAMPLE_H

#include "core/factor/webauthn.h"
#include "unit.h"

#define RP_ID "localhost"
#define ORIGIN "http://localhost:8099"
#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

typedef struct Sample
{
	uint8_t client_data[1024];
	uint8_t authenticator_data[256];
	uint8_t signature[1024];
	PgtcAssertion assertion;
	PgtcAssertionExpected expected;
	PgtcAssertionResult result;
} Sample;

/* for RP_ID, from ORIGIN among others, with no counter seen yet */
extern void sample_expect(Sample *sample, const char *challenge);
extern PgtcCode sample_check(Sample *sample, const PgtcKey *key);

#endif /* PGT_UNIT_SAMPLE_H */
